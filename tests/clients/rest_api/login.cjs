// The login flow of Frontegg's REST client, as a browser runs it: log in, renew, read, switch the
// tenant, list and end sessions, log out. Prints one line of JSON for each step.
//
// node login.cjs URL   (with @frontegg/rest-api where node finds it, as by NODE_PATH)
const [baseUrl] = process.argv.slice(2);

// What a browser has and Node lacks: a window, its storage, and a jar of cookies.
const kept = new Map();
globalThis.window = { location: { search: '', href: '' } };
globalThis.sessionStorage = {
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => kept.set(key, value),
  removeItem: (key) => kept.delete(key),
};
const cookies = new Map();
const urls = [];
const plainFetch = globalThis.fetch;
globalThis.fetch = async (url, options) => {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const headers = { ...options.headers, ...(cookie && { cookie }) };
  const response = await plainFetch(url, { ...options, headers });
  urls.push(`${options.method} ${new URL(url).pathname} ${response.status}`);
  for (const line of response.headers.getSetCookie()) {
    const [pair, ...attributes] = line.split(';');
    const [name, value] = pair.split('=');
    if (attributes.some((each) => each.trim() === 'Max-Age=0')) cookies.delete(name);
    else cookies.set(name, value);
  }
  return response;
};

const { createApiClient, ContextHolder } = require('@frontegg/rest-api');
const appName = 'default';
ContextHolder.for(appName).setContext({ baseUrl, requestCredentials: 'include' });
const api = createApiClient(appName);
const say = (step, found) => console.log(JSON.stringify({ step, ...found }));

(async () => {
  const first = await api.auth.loginv2({ email: 'ada@x.io', password: 'pw' });
  say('login', {
    id: first.user.id,
    email: first.user.email,
    tenantId: first.user.tenantId,
    tenants: first.tenants.map((each) => each.tenantId),
    active: first.activeTenant.tenantId,
    roles: first.user.roles.map((each) => each.key),
    cookies: cookies.size,
  });
  const again = await api.auth.refreshTokenV3();
  say('refresh', { id: again.user.id, renewed: again.user.refreshToken !== first.user.refreshToken });
  const me = await api.teams.getProfile();
  say('me', { id: me.id, name: me.name });
  const saved = await api.teams.updateProfile({ name: 'Ada L' });
  say('profile', { name: saved.name });
  await api.tenants.switchTenant({ tenantId: 'globex' });
  const moved = await api.auth.refreshTokenV3();
  say('switch', { tenantId: moved.user.tenantId, active: moved.activeTenant.tenantId });
  const sessions = await api.auth.getCurrentUserSessions();
  const current = sessions.filter((each) => each.current);
  say('sessions', { count: sessions.length, current: current.length });
  const made = await api.auth.createUserAccessToken({ description: 'd' });
  const { accessTokens } = await api.auth.getUserAccessTokensData();
  say('tokens', { secret: Boolean(made.secret), count: accessTokens.length });
  const settings = await api.accountSettings.getSettings();
  say('settings', { tenantId: settings.tenantId });
  const security = await api.auth.getGlobalSecurityPolicy();
  say('security', { publicKey: security.publicKey.startsWith('-----BEGIN PUBLIC KEY-----') });
  let disabled = null;
  try {
    await api.auth.disableMfa({});
  } catch (error) {
    disabled = { status: error.statusCode ?? error.status, code: error.errorCode };
  }
  say('mfa', { disabled });
  await api.auth.logout();
  let ended = false;
  try {
    await api.auth.refreshTokenV3();
  } catch {
    ended = true;
  }
  say('logout', { ended, cookies: cookies.size });
  say('urls', { urls });
})().catch((error) => {
  console.error(error, urls);
  process.exit(1);
});
