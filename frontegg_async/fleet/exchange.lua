-- One exchange: a copy of shared_limit.py, behind limit.lua in one script.
--
-- KEYS[1]  a hash: s, the state, and m<name> for each member
-- ARGV     name of the member, its news, channel for gates, milliseconds to keep all of it after
--          the last exchange, and the time (tests only; empty for the clock of this server)
-- Returns the grant. State, members, news and grants are doubles, lowest byte first, in the order
-- of script.py.

local LEASE_S, MAX_LEASES, OVERTAKE_S, USED_AHEAD_SHARE, HORIZON_S = 0.1, 100, 0.1, 0.5, 0.5
local LEASE_TRIPS, MAX_TRIP_S = 1.5, 0.3
local MAX_TURN_S, UNKNOWN_FLIGHT, UNKNOWN_SHARE, UNKNOWN_RETRY_S = 2.0, 64.0, 0.125, 0.04
local UNKNOWN_TRY, LINE_S = 2.0, 0.2
local SILENCE_S, SPARED_WINDOWS = 6.0, 4
local MEMBER_S, SWEEP_S, BACK_S, HELD_BACK_S = 10.0, 1.0, 5.0, 1e-4

local function new_state(news)
  S, MARKS = {}, {}
  for i = 1, STATE_FIELDS do S[i] = 0 end
  S.now, S.front, S.interactive_at = -INF, -INF, -INF
  for i = FIRST_CAP, LAST_CAP, 3 do S[i + 2] = -INF end
  S.window_reset, S.sweep_at, S.looked_at, S.opened_at = -INF, -INF, -INF, -INF
  S.stated_until, S.refused_sent, S.taken_sent = -INF, -INF, -INF
  S.next_at, S.next_tick_at = -INF, -INF
  S.true_share, S.cycle_start = NAN, NAN
  S.catch_up, S.survey_at = START_BURST_S, INF
  seeking(START_RATE, DOUBLING_S, 1.0)
  if news.calls > 0.0 then
    if news.met == 1 then
      remembered(news.calls, news.seconds)
    else
      expected(news.calls, news.seconds)
    end
  end
end

local function turns_of(now, rate, share)
  -- As Caps.of: the place of the time of its next slot.
  local free = LAST_CAP
  for i = FIRST_CAP, LAST_CAP, 3 do
    if S[i] == rate and S[i + 1] == share then return i + 2 end
    if S[i + 2] <= now then free = i end
  end
  if S[free + 2] <= now then S[free], S[free + 1] = rate, share end
  return free + 2
end

-- Members

local key, name = KEYS[1], ARGV[1]
local news = { struct.unpack(NEWS, ARGV[2]) }
local found = redis.call("HMGET", key, "s", "m" .. name)
local now = tonumber(ARGV[5])
if not now then
  local time = redis.call("TIME")
  now = tonumber(time[1]) + tonumber(time[2]) / 1e6
end

local stored, known = found[1], found[2]
if stored then
  S, stored_marks = { struct.unpack(STATE, stored) }, string.sub(stored, 8 * STATE_FIELDS + 1)
  if now < S.now - BACK_S then
    redis.call("DEL", key)
    stored = false
  end
end
if not stored then
  new_state(news)
  known = false
end

local heard = S.closed == 1 and max(S.now, S.next_look_at) or S.now
if -INF < heard and heard < now - SILENCE_S then
  MARKS = {}
  begin_cycle(now, S.taken, 0)
end
now = max(now, S.now)
S.now = now
local sweeps = now >= S.sweep_at
if sweeps then
  S.sweep_at = now + SWEEP_S
  S.count, S.flight, S.held, S.askers, S.runners = 0, 0, 0, 0, 0
  local all = redis.call("HGETALL", key)
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 1) == "m" then
      local member = { struct.unpack(MEMBER, all[i + 1]) }
      if member.until_ < now then
        redis.call("HDEL", key, all[i])
        if all[i] == "m" .. name then known = false end
      else
        S.count = S.count + 1
        S.flight, S.held = S.flight + member.flight, S.held + member.held
        S.askers, S.runners = S.askers + member.asks, S.runners + member.runs
      end
    end
  end
end

local was_open, closed_at, epoch = S.closed == 0, S.closed_at, S.epoch
local member
if known then
  member = { struct.unpack(MEMBER, known) }
else
  member = { -INF, 0, 0, 0, 0, -1 }
  S.count = S.count + 1
end
local asks, runs = news.interactive > 0 and 1 or 0, news.bulk > 0 and 1 or 0
if runs == 0 then member.turn = -1 end
if asks == 1 or news.unleased > 0 then S.interactive_at = now end
S.flight = S.flight + (news.flight - member.flight)
S.held = S.held + (news.held - member.held)
S.askers = S.askers + (asks - member.asks)
S.runners = S.runners + (runs - member.runs)

-- News

local sent -- calls in flight and slots leased, of all members

local function slot_of(calls) -- often
  if S.opening == 1 then return 1.0 / phase_rate() end
  local rate = phase_rate_at(now, S.answer_mean, calls)
  if not phase_limited() and now < S.interactive_at + INTERACTIVE_S then
    rate = min(rate, UNKNOWN_TRY * phase_rate())
  end
  return 1.0 / rate
end

if news.unleased > 0 and S.closed == 0 then
  local slot = slot_of(S.taken + S.flight + S.held)
  local longest = max(S.period, slot, S.next_at - now)
  spacing_take(now, news.unleased * slot, longest, S.flight + S.held == 0)
end
if news.returned > 0 then
  if S.closed == 0 then
    S.next_at = S.next_at - news.returned / phase_rate()
  elseif S.stated_until <= now then
    S.next_look_at = min(S.next_look_at, max(now, S.looked_at + FIRST_LOOK_S))
  end
end
local taken_first = news.taken > 0 and not (news.refused_sent < news.taken_sent)
if taken_first then succeeded(min(news.taken_sent, now), now, news.taken, news.took) end
if news.refused > 0 then
  local wait = NAN
  if news.stated_until == news.stated_until then wait = max(news.stated_until - now, 0.0) end
  throttled(min(news.refused_sent, now), now, wait, news.refused, S.flight)
end
if news.taken > 0 and not taken_first then
  succeeded(min(news.taken_sent, now), now, news.taken, news.took)
end
if news.exhausted_until > now then
  gate_exhausted(min(news.exhausted_sent, now), now, news.exhausted_until - now)
end

if S.closed == 1 and (was_open or S.closed_at ~= closed_at) then
  S.epoch = S.epoch + 1
  S.next_at = min(S.next_at, now)
  for i = FIRST_CAP + 2, LAST_CAP + 2, 3 do
    if S[i] > now then S[i] = max(now, S[i] - HORIZON_S) end
  end
  S.front = -INF
end

if S.kind == WINDOWED and S.was_met == 1 and S.reset ~= S.window_reset then
  S.window_reset = S.reset
  if now >= S.interactive_at + INTERACTIVE_S or S.windows_spared >= SPARED_WINDOWS then
    S.windows_spared = 0
  elseif S.sprints_to_skip == 0 then
    S.sprints_to_skip = 1
    S.windows_spared = S.windows_spared + 1
  end
end

-- Leases

local sent_before = S.flight + S.held
sent = sent_before
local look, next_at = 0, now
local interactive, bulk = {}, {}

local function paced() -- often
  if S.kind == SEEKING then return S.doubling > DOUBLING_S end
  return phase_limited() or S.cycle_from_opening == 1
end

local function portion(wanted, members) -- often
  local seconds = max(LEASE_S, LEASE_TRIPS * min(news.trip, MAX_TRIP_S))
  local size = floor(min(seconds * phase_rate(), MAX_LEASES) / max(members, 1))
  return min(wanted, max(size, 1))
end

local function use_slot(longest) -- often
  local slot = slot_of(S.taken + sent)
  spacing_take(now, slot, max(longest, slot, S.next_at - now), sent == 0)
  sent = sent + 1
  return slot
end

if S.closed == 1 then
  local waits = news.bulk > 0 or news.interactive > 0
  if waits and now >= S.next_look_at then
    gate_look(now)
    sent = sent + 1
    look = 1
  elseif waits then
    S.held_back_in_cycle = 1
  end
  next_at = S.next_look_at
else
  if news.interactive > 0 and paced() then -- as _lease_interactive
    local wanted, ahead = news.interactive, 0.0
    if S.kind == WINDOWED then
      local left = S.reset + S.period - now
      ahead = left == left and USED_AHEAD_SHARE * max(left, 0.0) or S.period
    end
    for i = 1, portion(wanted, S.askers) do
      local at = max(now, min(S.next_at - ahead, max(S.front, now + OVERTAKE_S)))
      S.front = max(S.front, at) + use_slot(S.period)
      interactive[i] = at
    end
    local line = interactive[#interactive] - now + (wanted - #interactive) / phase_rate()
    if line > LINE_S then S.held_back, S.held_back_in_cycle = 1, 1 end
  end
  if news.bulk > 0 then -- as _lease_bulk
    local cap = news.rate
    if news.share < 1.0 and phase_limited() and not surveying(now) then
      cap = min(cap, news.share * phase_rate())
    end
    local turns = cap < INF and turns_of(now, news.rate, news.share)
    local wanted = portion(news.bulk, S.runners)
    local last = cap == INF and S.runners == 1 and news.remaining <= left_in_window(now)
    if last then wanted = min(news.bulk, MAX_LEASES) end
    if not phase_limited() then
      local most = floor(UNKNOWN_FLIGHT + UNKNOWN_SHARE * S.taken) - sent
      wanted = min(wanted, max(most, 0))
    end
    local queued = S.kind == WINDOWED and cap == INF
    local passed_over = queued and 0 <= member.turn and member.turn < S.served
    if member.turn < 0 then
      member.turn = S.issued
      S.issued = S.issued + 1
    end
    local before = max(member.turn - S.served, 0) * max(wanted, 1) / phase_rate()
    local capped = turns and S[turns] > S.next_at
    local at = max(turns and S[turns] or S.next_at, S.next_at, now)
    local late = at + before > now + HORIZON_S and not passed_over
    next_at = now + UNKNOWN_RETRY_S
    if late and S.next_at > now and not last then
      next_at = min(at + before - 0.5 * HORIZON_S, now + MAX_TURN_S)
    elseif wanted > 0 then
      S.served = (late and max(S.served, member.turn) or S.served) + 1
      member.turn = -1
      for _ = 1, wanted do
        at = max(turns and S[turns] or now, S.next_at, now)
        if last then at = now end
        if at > now + HORIZON_S and (#bulk > 0 or not passed_over) then break end
        bulk[#bulk + 1] = at
        use_slot(INF)
        if turns then S[turns] = max(S[turns], now - CATCH_UP_S) + 1.0 / cap end
      end
      next_at = #bulk > 0 and now or min(at - 0.5 * HORIZON_S, now + MAX_TURN_S)
    end
    if not capped and (#bulk == 0 or bulk[#bulk] > now + HELD_BACK_S) then
      S.held_back, S.held_back_in_cycle = 1, 1
    end
  end
end

member.until_ = now + MEMBER_S
member.flight, member.held = news.flight, news.held + (sent - sent_before)
member.asks, member.runs = asks, runs
S.held = S.held + (sent - sent_before)
if news.leaves == 1 then
  redis.call("HDEL", key, "m" .. name)
  S.count = S.count - 1
  S.flight, S.held = S.flight - member.flight, S.held - member.held
  S.askers, S.runners = S.askers - asks, S.runners - runs
end

-- The end: state, publishing, grant

local state = struct.pack(STATE, unpack(S, 1, STATE_FIELDS))
  .. (MARKS and struct.pack("<" .. string.rep("d", #MARKS), unpack(MARKS)) or stored_marks)
if news.leaves == 1 then
  redis.call("HSET", key, "s", state)
else
  redis.call("HSET", key, "s", state, "m" .. name, struct.pack(MEMBER, unpack(member, 1, MEMBER_FIELDS)))
end
if sweeps then redis.call("PEXPIRE", key, ARGV[4]) end

local gate = struct.pack(
  GATE, now, S.epoch, S.closed, S.closed_at, S.next_look_at, S.stated_until, S.refused_sent
)
if S.epoch ~= epoch or (S.closed == 0) ~= was_open then
  -- Not allowed to users that Redis 7 makes without channels. The state is written by now, so an
  -- error here would tell the member that it was not heard; others hear of it in their exchanges.
  redis.pcall("PUBLISH", ARGV[3], gate .. key)
end
local limited, calls, seconds = phase_limited(), 0.0, 0.0
if S.kind == WINDOWED then
  calls, seconds = S.quota, S.period
elseif limited then
  calls, seconds = phase_rate() * S.period, S.period
end
local asked = #interactive
for i = 1, #bulk do interactive[asked + i] = bulk[i] end
return gate .. struct.pack(
  GRANT .. string.rep("d", #interactive), look, paced() and 1 or 0, limited and 1 or 0,
  surveying(now) and 1 or 0, phase_rate(), calls, seconds, S.kind == WINDOWED and limited and 1 or 0,
  S.kind == WINDOWED and S.reset or NAN, S.count, S.askers, S.runners, next_at, asked,
  unpack(interactive)
)
