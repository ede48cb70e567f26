-- The arithmetic of frontegg_async.pacing in Lua: gate, spacing, phases, cycles, pacer.
--
-- A copy, statement by statement and in the same order, of gate.py, spacing.py, resets.py,
-- seeking.py, phases.py, cycle.py, answer_times.py and pacer.py: Redis and Python calculate with the
-- same doubles, and tests/fleet/test_lua.py demands that they find the same. The theory is in the
-- Python. Names are those of its attributes; state is one flat table, S, of numbers. A flag is 1 or
-- 0, and NaN stands for None. lua_source.py takes most names out before this is sent: S, news and
-- member are arrays then, whose fields script.py lists.

local INF, NAN = 1e999, 0 / 0 -- the first is beyond all doubles
local min, max, floor, fmod = math.min, math.max, math.floor, math.fmod

-- gate.py
local FIRST_LOOK_S, LATER_LOOKS_SHARE, MAX_LOOK_GAP_S, STATED_LOOK_S = 0.08, 0.25, 5.0, 1.0
local TRUSTED_LOOKS_SHARE, TRUSTED_SHARE, VAGUE_WAIT_S = 0.5, 0.9, 2.0
local MAX_TRUSTED_WAIT_S, MAX_STATED_WAIT_S = 60.0, 1e9
-- spacing.py
local START_BURST_S, CATCH_UP_S = 0.1, 0.02
-- cycle.py
local HEAVY_SHARE, HEAVY_CALLS, WINDOW_CLOSED_SHARE, LONG_TRIPS = 0.15, 5, 0.1, 20.0
-- resets.py
local MAX_SHORTENED_SHARE, EXACT_S = 0.5, 0.2
-- rate.py
local MAX_RATE, MIN_RATE = 1e5, 1 / 60
-- tuning.py
local START_RATE, START_AGAIN, DOUBLING_S = 200.0, 1000 / 60, 0.05
local CAREFUL_DOUBLING_S, CAREFUL_DOUBLING_SHARE, DOUBTFUL_CALLS = 0.5, 0.35, 2.0
local STREAM = {
  CUT_SHARE = 0.02, CALM_S = 5.0, CALM_CALLS = 60.0, MAX_CALLS_CALM_S = 12.0,
  CALM_PERIODS = 1.5, CALM_TRIPS = 7.0, STEP_CALLS = 0.5, RISE_PERIODS = 0.6,
  ENOUGH_CALLS = 30.0, ODD_CALMS = 6, CONFIRMED_SHARE = 0.2, CONFIRMED_STEP = 0.125,
}
local MISS_SHARE, FEW_CALLS, LONG_WINDOW_S = 0.02, 2.5, 5.0
local WINDOW = {
  GAIN_CALLS = 3.0, KEPT_SHARE = 0.5, LEADS = 2.0, MAX_LEAD_SHARE = 0.1, VAST_TRIPS = 200.0,
  SPRINT_DOUBLINGS = 16.0, USUAL_DOUBLINGS = 4.0, EARLY_SHARE = 0.03, MIN_QUOTA_SHARE = 0.1,
  SPRINT_WORTH_CALLS = 60.0, SPRINT_TRIPS = 4.0, SPRINT_GROWTH = 4.0, MAX_SPRINT_SHARE = 0.5,
  ASTRAY_SHARE = 0.1, MAX_ASTRAY = 3, MORE_SHARE = 0.05, BURST_SHARE = 0.2,
  DISPROVED_QUOTAS = 2.0, EXPECTED_SHARE = 0.5,
}
local SPRINT_SHARE, SEVERAL_CLOSED_SHARE = 0.012, 0.3
-- pacer.py
local IDLE_SHARE, RECENT_PERIODS, UNWATCHED_S, CROWD_CALLS = 0.6, 2.0, 2.0 * MAX_LOOK_GAP_S, 16
local SURVEY_S, SURVEY_PERIODS, COUNTED_CALLS, MARKS_A_PERIOD = 60.0, 20.0, 20.0, 16

-- shared_limit.py
local MET_AGAIN_S, MET_CALLS, INTERACTIVE_S, LONG_CLOSED_S = 30.0, 3, 60.0, 2.0

local SEEKING, STREAMING, WINDOWED = 0, 1, 2

-- S: the state. MARKS: times, each followed by the calls taken by then; nil until they are read.
local S, MARKS, stored_marks

-- Functions: a comment marks those that nearly every exchange needs.

local function mod(a, b) -- as Python has it: with the sign of b
  local left = fmod(a, b)
  if left ~= 0 then
    if (b < 0) ~= (left < 0) then left = left + b end
  else
    left = 0
  end
  return left
end

local function round(x) -- to the even one of two that are as near
  local low = floor(x)
  local part = x - low
  if part > 0.5 or (part == 0.5 and low % 2 == 1) then return low + 1 end
  return low
end

-- Spacing

local function spacing_take(now, slot, longest, idle) -- often
  local late = now - S.catch_up
  if S.next_at < late then
    if idle and S.next_at > -INF then S.idle_seconds = S.idle_seconds + (late - S.next_at) end
    S.next_at = late
  end
  S.next_at = min(S.next_at + slot, now + longest)
end

-- Gate

local function gate_note_stated_wait(now, wait)
  local share = S.true_share
  if share ~= share then share = 1.0 end
  if not (wait * share > VAGUE_WAIT_S) then return end
  S.stated_wait = max(S.stated_wait, wait)
  S.stated_until = now + min(wait, MAX_STATED_WAIT_S) * share
  local gap
  if S.true_share >= TRUSTED_SHARE then
    gap = wait * TRUSTED_LOOKS_SHARE
  else
    gap = max(STATED_LOOK_S, min(S.look_gap, wait * share))
  end
  S.look_gap = min(gap, MAX_LOOK_GAP_S)
  S.next_look_at = max(min(now + S.look_gap, S.stated_until), now + FIRST_LOOK_S)
end

local function gate_refused(sent_at, now, wait, first_look)
  if S.closed == 0 and sent_at < S.taken_sent then return false end
  S.refused_sent = max(S.refused_sent, sent_at)
  local closes = S.closed == 0
  if closes then
    S.closed = 1
    S.closed_at = now
    S.look_gap = first_look
    S.next_look_at = now + first_look
    S.stated_wait = 0.0
    S.stated_until = -INF
  end
  if wait >= 0.0 then gate_note_stated_wait(now, wait) end -- not NaN
  return closes
end

local function gate_exhausted(sent_at, now, wait)
  if not (wait > 0.0) then return end
  if S.closed == 0 then
    S.closed = 1
    S.closed_at = now
    S.look_gap = STATED_LOOK_S
    S.next_look_at = now + (wait <= VAGUE_WAIT_S and wait or STATED_LOOK_S)
    S.stated_wait = 0.0
    S.stated_until = -INF
  end
  S.refused_sent = max(S.refused_sent, sent_at)
  gate_note_stated_wait(now, wait)
  if S.true_share >= TRUSTED_SHARE then
    S.next_look_at = max(S.next_look_at, min(S.stated_until, now + MAX_TRUSTED_WAIT_S))
  end
end

local function gate_look(now)
  S.looked_at = now
  local left = S.stated_until - now
  if left > 0.0 then
    S.look_gap = min(S.look_gap * 2.0, MAX_LOOK_GAP_S)
    if left > FIRST_LOOK_S then
      S.next_look_at = now + min(S.look_gap, left)
    else
      S.next_look_at = now + FIRST_LOOK_S
    end
  else
    local since = now - max(S.closed_at, S.stated_until)
    S.look_gap = min(max(FIRST_LOOK_S, since * LATER_LOOKS_SHARE), MAX_LOOK_GAP_S)
    S.next_look_at = now + S.look_gap
  end
end

local function gate_confirm_opened(closed_at, opened_at)
  if S.stated_wait > VAGUE_WAIT_S then
    local passed = min(max(opened_at - closed_at, 0.0) / S.stated_wait, 1.0)
    if passed * S.stated_wait > S.stated_wait - VAGUE_WAIT_S then
      S.true_share = 1.0
    else
      S.true_share = passed
    end
  end
end

-- Cycles: tables with the fields of Cycle

local function cycle_seconds(cycle)
  return max(cycle.stop - cycle.start, 1e-3)
end

local function cycle_ends_window(cycle)
  return cycle.closed_seconds >= WINDOW_CLOSED_SHARE * cycle_seconds(cycle)
end

local function cycle_long_seconds(cycle)
  return LONG_TRIPS * cycle.round_trip
end

local function cycle_stray(cycle)
  return cycle.brief and (
    cycle.refused < HEAVY_CALLS or cycle.refused < HEAVY_SHARE * (cycle.taken + cycle.refused)
  )
end

local function cycle_overtaken(cycle)
  local length = cycle_seconds(cycle)
  return length - cycle.closed_seconds < cycle.round_trip and length >= cycle_long_seconds(cycle)
end

local function cycle_tells_all(cycle, period)
  return cycle_ends_window(cycle) and cycle_seconds(cycle) >= 0.5 * period
end

local function cycle_rate(cycle, period)
  if cycle_tells_all(cycle, period) then
    return max(cycle.taken / cycle_seconds(cycle), cycle.recent_rate)
  end
  return cycle.recent_rate
end

-- Resets

local function resets(at, error, seconds, seconds_error)
  S.resets_at, S.resets_error = at, error
  S.resets_seconds, S.resets_seconds_error = seconds, seconds_error
end

local function shortened(seconds, error)
  if error <= EXACT_S then return seconds end
  return max(seconds - error, (1.0 - MAX_SHORTENED_SHARE) * seconds)
end

local function common(seen, seen_error, known, known_error)
  local low = max(seen - seen_error, known - known_error)
  local high = min(seen + seen_error, known + known_error)
  if low > high then return seen, seen_error end
  return (low + high) / 2.0, (high - low) / 2.0
end

local function resets_period()
  return shortened(S.resets_seconds, S.resets_seconds_error)
end

local function resets_windows_until(at)
  return max(round((at - S.resets_at) / S.resets_seconds), 1)
end

local function resets_earliest(opened)
  local windows = resets_windows_until(opened)
  return S.resets_at + windows * (S.resets_seconds - S.resets_seconds_error) - S.resets_error
end

local function resets_see(at, error)
  local windows = resets_windows_until(at)
  local expected = S.resets_at + windows * S.resets_seconds
  at, error = common(at, error, expected, S.resets_error + windows * S.resets_seconds_error)
  local apart = max(at - S.resets_at, MAX_SHORTENED_SHARE * S.resets_seconds)
  local seconds, seconds_error = apart / windows, (S.resets_error + error) / windows
  resets(at, error, common(seconds, seconds_error, S.resets_seconds, S.resets_seconds_error))
  return at, error
end

-- Phases

local function doubled(times) -- often
  return 2.0 ^ min(times, 12.0)
end

local function seeking(rate, doubling, period)
  S.kind, S.period, S.seeking_rate = SEEKING, period, rate
  S.doubling, S.next_doubling_at, S.doubtful = doubling, -INF, 0
end

local function stream_rest(peak, now, taken)
  S.refused_rate = min(max(peak, MIN_RATE), MAX_RATE)
  S.rested_rate = min(max(S.refused_rate * (1.0 - STREAM.CUT_SHARE), MIN_RATE), MAX_RATE)
  S.stream_rate = S.rested_rate
  local calls = min(STREAM.CALM_CALLS / S.stream_rate, STREAM.MAX_CALLS_CALM_S)
  S.calm_seconds = max(STREAM.CALM_S, calls, STREAM.CALM_PERIODS * S.period)
  S.calm_passed, S.doublings = 0.0, 0.0
  S.rested_at = now
  S.taken_at_rest, S.refused_since_rest = taken, 0
  S.refused_in_calm = 0
end

local function stream(peak, now, taken, period, may_be_window)
  S.kind, S.period, S.may_be_window = STREAMING, period, may_be_window
  S.grown_at = now
  S.odd_calms = 0
  stream_rest(peak, now, taken)
end

local function windowed_begin(reset, taken, reset_error)
  if S.sprints_to_skip ~= 0 then
    S.sprints_to_skip = S.sprints_to_skip - 1
  elseif S.was_met == 1 then
    S.sprints_to_skip = floor(WINDOW.SPRINT_WORTH_CALLS / S.quota)
  end
  S.reset = reset
  S.window_taken_before, S.window_taken = S.window_taken, taken
  S.reset_error = reset_error
  S.eased_share = 1.0
  S.over_quota_at = INF
end

-- With the resets that are known.
local function windowed(quota, seconds, reset, taken, reset_error, rising)
  S.kind, S.period, S.quota = WINDOWED, seconds, quota
  S.disproving_quota = WINDOW.DISPROVED_QUOTAS * quota
  S.was_met = S.resets_at == S.resets_at and 1 or 0
  S.astray_resets = 0
  S.sprint_factor = rising and WINDOW.SPRINT_GROWTH * WINDOW.SPRINT_GROWTH or 1.0
  S.sprints_to_skip = 0
  S.window_taken = taken
  S.burst_until, S.burst_at = 0.0, NAN
  windowed_begin(reset, taken, reset_error)
end

local function expected(calls, seconds)
  resets(NAN, NAN, NAN, NAN)
  windowed(calls, seconds, NAN, 0, 0.0, false)
end

-- Enter the phase that a whole cycle shows; without a window if there can be none.
local function measured(cycle, period, may_be_window)
  local length = cycle_seconds(cycle)
  if cycle_ends_window(cycle) and length >= max(LONG_WINDOW_S, cycle_long_seconds(cycle)) then
    if not may_be_window then return true end
    local error = cycle.end_error
    resets(cycle.stop, error + 0.5 * cycle.round_trip, length, 2.0 * error)
    windowed(
      cycle.taken, resets_period(), cycle.stop, cycle.taken_ever, error,
      cycle.closed_seconds < SEVERAL_CLOSED_SHARE * length
    )
    return true
  end
  return false
end

local function measured_period(cycle, period)
  local seconds, length = cycle.closed_seconds, cycle_seconds(cycle)
  if cycle_tells_all(cycle, period) and seconds >= SEVERAL_CLOSED_SHARE * length then
    seconds = length
  end
  return max(seconds, period, 1.0)
end

local function enter_measured(cycle, period)
  if not measured(cycle, period, true) then
    local rate, taken = cycle_rate(cycle, period), cycle.taken_ever
    stream(rate, cycle.stop, taken, measured_period(cycle, period), 1)
  end
end

local function remembered(calls, seconds)
  if seconds >= LONG_WINDOW_S then
    expected(calls, seconds)
  else
    stream(calls / seconds, -INF, 0, seconds, 1)
  end
end

local function phase_limited() -- often
  return S.kind == STREAMING or (S.kind == WINDOWED and S.was_met == 1)
end

local function phase_rate() -- often
  if S.kind == SEEKING then return S.seeking_rate end
  if S.kind == STREAMING then return S.stream_rate end
  return min(max(S.quota / ((1.0 - SPRINT_SHARE) * S.period), MIN_RATE), MAX_RATE)
end

local function windowed_span(trip) -- often
  local span = max(SPRINT_SHARE * S.period, min(WINDOW.SPRINT_TRIPS * trip, 0.1 * S.period))
  return min(S.sprint_factor * span, WINDOW.MAX_SPRINT_SHARE * S.period)
end

local function windowed_rate(trip) -- often
  if S.sprints_to_skip ~= 0 then return max((1.0 - MISS_SHARE) * S.quota / S.period, MIN_RATE) end
  local calls = S.quota
  if S.was_met == 1 then calls = calls + WINDOW.GAIN_CALLS * min(S.period / 60.0, 1.0) end
  return max(calls / (S.period - windowed_span(trip)), MIN_RATE)
end

local function windowed_reset_after(now, trip)
  local lead = S.period - S.quota / windowed_rate(trip)
  local reset = S.reset + S.period
  local waits = reset - now < min(WINDOW.LEADS * lead, WINDOW.MAX_LEAD_SHARE * S.period)
  if S.was_met == 1 and waits then return reset end
  return now
end

local function windowed_earliest_reset(refused, taken)
  if S.resets_at ~= S.resets_at then return refused end
  local earliest = resets_earliest(taken)
  if refused < earliest and earliest < taken then return earliest end
  return refused
end

local function phase_rate_at(now, trip, sent) -- often
  if S.kind == SEEKING and S.doubtful == 1 then
    return min(S.seeking_rate, max(START_AGAIN, DOUBTFUL_CALLS / max(trip, 1e-3)))
  end
  if S.kind ~= WINDOWED then return phase_rate() end
  if S.reset ~= S.reset then S.reset = now end
  local into = now - S.reset
  local bursting = sent < S.burst_until
  if not bursting and S.burst_until ~= 0 then
    S.burst_until = 0.0
    local used, gone = (sent - S.window_taken) / S.quota, into / S.period
    S.eased_share = min(max((1.0 - used) / max(1.0 - gone, 0.1), 0.1), 1.0)
  end
  local span = windowed_span(trip)
  local left = S.period - into
  local early = not (0.0 <= left and left < span + WINDOW.EARLY_SHARE * S.period)
  if (early or S.sprints_to_skip ~= 0 or sent - S.window_taken < S.quota) and not bursting then
    S.over_quota_at = INF
    return S.eased_share * windowed_rate(trip)
  end
  S.over_quota_at = min(S.over_quota_at, now)
  local usual = S.was_met == 1 and WINDOW.USUAL_DOUBLINGS or WINDOW.SPRINT_DOUBLINGS
  local doublings = min(usual * S.sprint_factor, WINDOW.SPRINT_DOUBLINGS)
  local trips = (now - S.over_quota_at) / max(trip, 0.025, span / doublings)
  return windowed_rate(trip) * doubled(trips)
end

local function stream_grow(now, trip)
  local scale = max(
    S.period, min(STREAM.ENOUGH_CALLS / S.stream_rate, 0.5 * STREAM.MAX_CALLS_CALM_S), 2.0 * trip
  )
  S.calm_seconds = max(S.calm_seconds, STREAM.CALM_TRIPS * trip)
  local step = max(scale / 16.0, 0.05)
  local passed = min(max(now - S.grown_at, 0.0), 2.0 * step)
  S.grown_at = now
  S.calm_passed = S.calm_passed + passed
  local rate
  if S.calm_passed < S.calm_seconds then
    rate = S.rested_rate + (S.refused_rate - S.rested_rate) * S.calm_passed / S.calm_seconds
  else
    S.doublings = S.doublings + passed / (STREAM.RISE_PERIODS * scale)
    rate = S.refused_rate + STREAM.STEP_CALLS / S.period * (doubled(S.doublings) - 1.0)
  end
  S.stream_rate = min(max(S.stream_rate, rate), MAX_RATE)
end

-- Returns true if another phase began.
local function windowed_grow(now, taken)
  if S.reset ~= S.reset then return false end
  local passed = floor((now - S.reset) / S.period)
  if passed >= 1 then
    local found = taken - S.window_taken
    if S.was_met == 0 and found > S.disproving_quota then
      seeking(found / S.period, CAREFUL_DOUBLING_S, 1.0)
      return true
    end
    if passed == 1 and S.sprints_to_skip == 0 then
      S.sprint_factor = found > S.quota and WINDOW.SPRINT_GROWTH * S.sprint_factor or 1.0
      S.quota = max(S.quota, found)
    end
    windowed_begin(S.reset + passed * S.period, taken, S.reset_error)
  end
  return false
end

local function phase_grow(sent_at, now, trip, taken)
  if S.kind == SEEKING then
    if sent_at > S.next_doubling_at then
      S.seeking_rate = min(S.seeking_rate * 2.0, MAX_RATE)
      S.next_doubling_at = now + max(S.doubling, 2.0 * trip)
    end
  elseif S.kind == STREAMING then
    stream_grow(now, trip)
  else
    return windowed_grow(now, taken)
  end
  return false
end

local function stream_met(limit, now, taken)
  S.odd_calms = S.refused_in_calm == 1 and S.odd_calms + 1 or 0
  if S.odd_calms >= STREAM.ODD_CALMS then
    local doubling = max(1.0, CAREFUL_DOUBLING_SHARE * S.calm_seconds)
    seeking(S.stream_rate, doubling, S.period)
    return
  end
  stream_rest(limit, now, taken)
end

local function stream_refused(sent_at, now, lately, seconds, taken)
  if sent_at <= S.rested_at then return end
  local found = taken - S.taken_at_rest
  if now > S.rested_at + S.calm_seconds then
    local limit = min(S.stream_rate, lately + 1.0 / seconds)
    local beyond = found - S.refused_rate * (now - S.rested_at)
    local excess = S.stream_rate - S.refused_rate
    if beyond <= FEW_CALLS and excess <= STREAM.CONFIRMED_SHARE * S.refused_rate then
      limit = min(limit, S.refused_rate + STREAM.CONFIRMED_STEP * excess)
    end
    stream_met(limit, now, taken)
    return
  end
  S.refused_since_rest = S.refused_since_rest + 1
  if S.calm_passed < 0.5 * S.calm_seconds then S.refused_in_calm = 1 end
  local refused = S.refused_since_rest
  local enough = now > S.rested_at + 0.5 * S.period
  if enough and refused > FEW_CALLS and refused > MISS_SHARE * (found + refused) then
    stream_met(S.stream_rate * found / (found + refused), now, taken)
  end
end

local function phase_refused(sent_at, now, lately, seconds, taken)
  if S.kind == SEEKING then
    S.doubtful = 1
  elseif S.kind == STREAMING then
    stream_refused(sent_at, now, lately, seconds, taken)
  end
end

local function seeking_opened(cycle)
  S.doubtful = 0
  if cycle_stray(cycle) then return end
  if not cycle.from_opening or not cycle.server_limited or cycle_overtaken(cycle) then
    seeking(
      min(S.seeking_rate, START_AGAIN),
      max(CAREFUL_DOUBLING_S, CAREFUL_DOUBLING_SHARE * cycle.closed_seconds),
      max(S.period, cycle.closed_seconds)
    )
    return true
  end
  enter_measured(cycle, S.period)
end

local function stream_opened(cycle)
  S.odd_calms = 0
  if not cycle.server_limited then return end
  if cycle.closed_seconds > S.period then S.period = cycle.closed_seconds end
  local length = cycle_seconds(cycle)
  if not cycle.from_opening or length <= 0.5 * S.period then return end
  if measured(cycle, S.period, S.may_be_window == 1) then return end
  S.period = max(S.period, measured_period(cycle, S.period))
  local taken, refused = cycle.taken, cycle.refused
  if S.rested_at > cycle.start then
    if cycle.brief and S.rested_at >= cycle.stop - cycle.closed_seconds then return end
    taken, refused = cycle.taken_ever - S.taken_at_rest, S.refused_since_rest
  end
  local missed = refused + S.stream_rate * cycle.closed_seconds
  local limit = max(S.stream_rate * taken / (taken + missed), cycle.recent_rate)
  if length < 3.0 * S.period then limit = max(limit, cycle.taken / length) end
  if limit < (1.0 - MISS_SHARE) * S.stream_rate and missed > FEW_CALLS then
    stream_rest(limit, cycle.stop, cycle.taken_ever)
  end
end

local function beyond_chance()
  return (1.0 + WINDOW.MORE_SHARE) * S.quota + FEW_CALLS
end

local function taken_at_start_of(cycle)
  if cycle_seconds(cycle) < 1.5 * S.period then return cycle.taken_ever - cycle.taken end
  return cycle.stop - S.reset < 0.5 * S.period and S.window_taken_before or S.window_taken
end

local function windowed_narrowed(cycle, windows)
  local reset, error = cycle.stop, cycle.end_error
  local seen_error = error + 0.5 * cycle.round_trip
  if S.resets_at == S.resets_at then
    reset, error = resets_see(reset, seen_error)
    S.period = resets_period()
  elseif S.was_met == 1 then
    local seconds_error = (S.reset_error + error) / windows
    resets(reset, seen_error, cycle_seconds(cycle) / windows, seconds_error)
    S.period = resets_period()
  end
  return reset, error
end

local function windowed_opened(cycle)
  local length, closed = cycle_seconds(cycle), cycle.closed_seconds
  local first = not (S.was_met == 1 or cycle.from_opening or cycle.brief)
  local used_up = WINDOW_CLOSED_SHARE * S.period <= closed and closed < S.period
    and cycle.taken < S.quota
  if first and used_up then
    S.disproving_quota = beyond_chance()
    S.quota = S.quota * max((1.0 - closed / S.period) ^ 2, WINDOW.MIN_QUOTA_SHARE)
    S.sprint_factor = WINDOW.SPRINT_GROWTH * WINDOW.SPRINT_GROWTH
    windowed_begin(cycle.stop, cycle.taken_ever, cycle.end_error)
    return
  end
  S.sprint_factor = 1.0
  if S.sprints_to_skip ~= 0 and not cycle.brief then S.sprints_to_skip = 1 end
  if S.burst_at == cycle.start and cycle.server_limited and not cycle_stray(cycle) then
    if max(cycle.taken / S.quota, length / S.period) < 0.5 then
      enter_measured(cycle, 0.0)
      return
    end
  end
  local windows = round(length / S.period)
  local off = math.abs(length - windows * S.period)
  local into = mod(cycle.stop - S.reset, S.period)
  if windows < 1 and min(into, S.period - into) < WINDOW.ASTRAY_SHARE * S.period then return end
  local tolerance = WINDOW.ASTRAY_SHARE * S.period
  if S.period > WINDOW.VAST_TRIPS * cycle.round_trip then
    tolerance = tolerance + (S.reset_error + cycle.end_error)
  end
  if not first and (windows < 1 or off > max(tolerance, cycle.end_error, 1.0)) then
    S.astray_resets = S.astray_resets + 1
    if S.astray_resets <= WINDOW.MAX_ASTRAY or not cycle.server_limited then return end
    local rate, taken = cycle_rate(cycle, S.period), cycle.taken_ever
    stream(rate, cycle.stop, taken, S.period, 0)
    return
  end
  S.astray_resets = 0
  local found = cycle.taken_ever - taken_at_start_of(cycle)
  if found > beyond_chance() and windows == 1 and closed < WINDOW.ASTRAY_SHARE * S.period then
    S.burst_until = cycle.taken_ever + WINDOW.BURST_SHARE * found
    S.burst_at = cycle.stop
  end
  if cycle.server_limited and cycle.from_opening then
    local kept = S.was_met == 1 and WINDOW.KEPT_SHARE * S.quota or 0.0
    S.quota = max(found, kept, 1.0)
    S.was_met = 1
  end
  local reset, error = windowed_narrowed(cycle, windows)
  if S.was_met == 0 then S.disproving_quota = min(S.disproving_quota, beyond_chance()) end
  windowed_begin(reset, cycle.taken_ever, error)
end

-- Pacer

local function surveying(now) -- often
  return now > S.survey_at
end

local function left_in_window(now) -- often
  if S.kind ~= WINDOWED then return 0.0 end
  local fresh = S.reset ~= S.reset or now >= S.reset + S.period
  local used = fresh and 0 or S.taken - S.window_taken
  return S.quota * (S.was_met == 1 and 1.0 or WINDOW.EXPECTED_SHARE) - used
end

local function marks()
  if not MARKS then
    MARKS = { struct.unpack("<" .. string.rep("d", #stored_marks / 8), stored_marks) }
    MARKS[#MARKS] = nil -- the place behind the last one
  end
  return MARKS
end

local function recent_rate(now)
  local at, count = S.cycle_start, S.cycle_count
  if at ~= at then at, count = now, S.taken end
  local period = max(S.period, COUNTED_CALLS / phase_rate())
  local age = now - at
  if not (0.5 * period <= age and age <= RECENT_PERIODS * period) then
    local all = marks()
    for i = 1, #all, 2 do
      if all[i] > now - period then break end
      at, count = all[i], all[i + 1]
    end
  end
  local seconds = max(now - at, 1e-3)
  return max(S.taken - count, 1) / seconds, seconds
end

local function begin_cycle(at, taken, from_opening)
  S.cycle_start, S.cycle_count = at, taken
  S.refused_at_cycle_start = S.refused
  S.cycle_from_opening = from_opening
  S.idle_seconds = 0.0
  S.held_back_in_cycle = 0
end

local function learn_met_again(met_again, seeks_again)
  if met_again and not phase_limited() then
    local period = max(S.opening_reset - S.opening_closed_at, 1.0)
    stream(S.opening_recent_rate, S.opening_reset, S.opening_taken, period, 1)
  elseif seeks_again and S.runners == 0 then
    S.seeking_rate = max(S.seeking_rate, S.opening_recent_rate)
  elseif seeks_again and S.now < S.interactive_at + INTERACTIVE_S then
    local closed = S.opening_reset - S.opening_closed_at
    if closed > LONG_CLOSED_S then
      S.doubling, S.next_doubling_at = closed, S.now + closed
    end
  end
end

local function learn()
  S.opening = 0
  -- The first and the last lines of this function are those of shared_limit.py.
  local began = S.cycle_start == S.cycle_start and S.cycle_start or S.opening_reset
  local met_again = S.runners == 0 and S.cycle_from_opening == 1
    and S.opening_reset - began <= MET_AGAIN_S
    and S.refused - S.refused_at_cycle_start >= MET_CALLS
  if met_again then S.held_back_in_cycle = 1 end
  local sent_at, last_refused, taken = S.opening_sent_at, S.opening_last_refused, S.opening_taken
  if sent_at - last_refused > UNWATCHED_S then
    begin_cycle(sent_at, taken, 0)
    learn_met_again(met_again, false)
    return
  end
  local closed_at, reset = S.opening_closed_at, S.opening_reset
  local at, count = S.cycle_start, S.cycle_count
  if at ~= at then at, count = reset, 0 end
  local trip = S.answer_mean
  local cycle = {
    start = at,
    stop = reset,
    closed_seconds = reset - closed_at,
    taken = taken - count,
    end_error = max(sent_at - last_refused, 0.0) / 2.0,
    recent_rate = S.opening_recent_rate,
    from_opening = S.cycle_from_opening == 1,
    server_limited = S.held_back_in_cycle == 1 and S.idle_seconds <= IDLE_SHARE * (closed_at - at),
    brief = S.opening_at - closed_at < max(2.0 * trip, 2.5 * FIRST_LOOK_S),
    refused = S.refused - S.refused_at_cycle_start,
    taken_ever = taken,
    round_trip = trip,
  }
  gate_confirm_opened(closed_at, S.opening_at)
  local seeks_again = false
  if S.kind == SEEKING then
    seeks_again = seeking_opened(cycle)
  elseif S.kind == STREAMING then
    stream_opened(cycle)
  else
    windowed_opened(cycle)
  end
  if not cycle.brief or cycle_seconds(cycle) >= 0.5 * S.period then
    begin_cycle(reset, taken, 1)
  end
  learn_met_again(met_again, seeks_again)
end

local function open(sent_at, now)
  local last_refused = min(max(S.refused_sent, S.stated_until - 1.0), sent_at)
  if S.kind == WINDOWED then last_refused = windowed_earliest_reset(last_refused, sent_at) end
  local reset = max(now - (sent_at - last_refused) / 2.0, S.closed_at)
  S.closed_seconds = S.closed_seconds + (now - S.closed_at)
  S.opening = 1
  S.opening_closed_at, S.opening_last_refused = S.closed_at, last_refused
  S.opening_sent_at, S.opening_reset, S.opening_at = sent_at, reset, now
  S.opening_taken = S.taken
  S.opening_recent_rate = recent_rate(reset)
  S.closed = 0
  S.opened_at = now
  S.taken_at_opening = S.taken
  local since = S.kind == WINDOWED and last_refused or sent_at + 1.0 / phase_rate()
  S.next_at = max(S.next_at, since)
  S.catch_up = max(CATCH_UP_S, now - since)
end

local function tick(sent_at, now)
  local scale = max(S.period, 30.0 / phase_rate())
  S.next_tick_at = now + max(scale / MARKS_A_PERIOD, 0.05)
  local all = marks()
  all[#all + 1] = now
  all[#all + 1] = S.taken
  while #all > 4 * MARKS_A_PERIOD or (#all > 4 and all[3] <= now - scale) do
    table.remove(all, 1)
    table.remove(all, 1)
  end
  if phase_limited() then S.catch_up = CATCH_UP_S end
  if S.held_back == 1 and S.closed == 0 then
    S.held_back = 0
    if phase_grow(sent_at, now, S.answer_mean, S.taken) then begin_cycle(now, S.taken, 0) end
  end
end

local function succeeded(sent_at, now, calls, took) -- often
  if S.cycle_start ~= S.cycle_start then S.cycle_start, S.cycle_count = sent_at, 0 end
  S.taken = S.taken + calls
  S.one_refused = 0
  if S.answer_mean == 0.0 then
    S.answer_mean, S.answer_usual = took, took
  else
    S.answer_mean = S.answer_mean + (took - S.answer_mean) / 8.0
    S.answer_usual = S.answer_usual
      + (took - S.answer_usual) * (took < S.answer_usual and 0.25 or 0.05)
  end
  if sent_at > S.taken_sent then S.taken_sent = sent_at end
  if S.closed == 1 and sent_at > S.refused_sent then
    open(sent_at, now)
  elseif S.opening == 1 and sent_at > S.opened_at then
    learn()
  end
  if now >= S.next_tick_at then tick(sent_at, now) end
end

local function first_look(now)
  local look = min(max(FIRST_LOOK_S, 2.0 / phase_rate()), 1.0)
  if S.kind == WINDOWED and S.was_met == 1 then
    return max(look, windowed_reset_after(now, S.answer_mean) - now)
  end
  return look
end

local function note_refusal(sent_at, now)
  S.survey_at = now + max(SURVEY_S, SURVEY_PERIODS * S.period)
  local lately, seconds = recent_rate(now)
  phase_refused(sent_at, now, lately, seconds, S.taken)
end

-- flight: the other calls in flight.
local function throttled(sent_at, now, wait, calls, flight)
  if S.cycle_start ~= S.cycle_start then S.cycle_start, S.cycle_count = sent_at, 0 end
  S.refused = S.refused + calls
  if S.opening == 1 and S.closed == 0 then
    local since = S.opening_closed_at
    if sent_at > S.opening_sent_at + 0.5 * S.answer_mean then
      learn()
    else
      S.opening = 0
      S.closed_seconds = S.closed_seconds - (S.opened_at - since)
      S.closed = 1
      S.closed_at = since
      S.next_look_at = max(S.next_look_at, now + FIRST_LOOK_S)
    end
  end
  if S.closed == 0 then
    local alone = calls == 1 and S.one_refused == 0
    S.one_refused = 1
    if alone and S.kind == STREAMING then
      note_refusal(sent_at, now)
      return
    end
    if alone and flight >= CROWD_CALLS then return end
  end
  if gate_refused(sent_at, now, wait, first_look(now)) then note_refusal(sent_at, now) end
end
