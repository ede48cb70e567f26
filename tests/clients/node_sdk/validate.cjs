// Frontegg's official SDK for Node before the emulator: it validates tokens of each kind.
// Prints one line of JSON for each check.
//
// FRONTEGG_API_GATEWAY_URL=URL node validate.cjs CLIENT_ID API_KEY TOKENS
// (with @frontegg/client where node finds it, as by NODE_PATH); TOKENS is JSON of tokens by kind.
const [clientId, apiKey, given] = process.argv.slice(2);
const { FronteggContext, IdentityClient, HostedLoginClient } = require('@frontegg/client');

const tokens = JSON.parse(given);
const say = (check, found) => console.log(JSON.stringify({ check, ...found }));

(async () => {
  const options = { accessTokensOptions: { cache: { type: 'local', options: {} } } };
  FronteggContext.init({ FRONTEGG_CLIENT_ID: clientId, FRONTEGG_API_KEY: apiKey }, options);
  const client = new IdentityClient({ FRONTEGG_CLIENT_ID: clientId, FRONTEGG_API_KEY: apiKey });
  for (const kind of ['user', 'userApi', 'tenantApi']) {
    const entity = await client.validateToken(tokens[kind], { roles: ['Admin'] });
    say(kind, { sub: entity.sub, type: entity.type, roles: entity.roles });
  }
  for (const kind of ['userAccess', 'tenantAccess']) {
    const wanted = { withRolesAndPermissions: true };
    const entity = await client.validateToken(tokens[kind], wanted, 'AccessToken');
    say(kind, { type: entity.type, tenantId: entity.tenantId, roles: entity.roles });
  }
  for (const [kind, wanted] of [
    ['forged', {}],
    ['user', { roles: ['Nobody'] }],
    ['user', { permissions: ['nothing'] }],
  ]) {
    let refused = null;
    try {
      await client.validateToken(tokens[kind], wanted);
    } catch (error) {
      refused = error.statusCode ?? error.constructor.name;
    }
    say('refused', { kind, wanted, refused });
  }
  const hosted = new HostedLoginClient('http://localhost:8080/callback');
  say('authorize', { url: await hosted.requestAuthorize({ state: 's' }) });
  process.exit(0); // its timers would keep the process for as long as a token lives
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
