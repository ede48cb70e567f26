// Every request of identity and tenants that Frontegg's REST client can send, one a line:
// METHOD PATH. Nothing is sent: each function of each group is called with made-up arguments.
//
// node routes.cjs   (with @frontegg/rest-api where node finds it, as by NODE_PATH)
const kept = new Map();
globalThis.window = { location: { search: '', href: '' } };
globalThis.sessionStorage = {
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => kept.set(key, value),
  removeItem: (key) => kept.delete(key),
};
const sent = new Set();
globalThis.fetch = async (url, { method }) => {
  sent.add(`${method} ${new URL(url).pathname}`);
  const answer = { ok: true, status: 200, headers: new Map(), body: null };
  return { ...answer, json: async () => ({}), text: async () => '{}', blob: async () => ({}) };
};

const { createApiClient, ContextHolder } = require('@frontegg/rest-api');
ContextHolder.for('default').setContext({ baseUrl: 'http://frontegg.invalid' });

// Most functions take an object, some an id first; a type is part of some paths.
const fields = {};
for (const name of ['userId', 'tenantId', 'id', 'roleId', 'groupId', 'tokenId', 'provider']) {
  fields[name] = 'x';
}
for (const name of ['_tenantIds', 'ids', 'userIds', 'appIds', 'roleIds']) fields[name] = ['x'];
const attempts = [
  [{ ...fields, type: 'Code', emailId: 'x', permissionId: 'x' }, {}, {}],
  ['x', { ...fields }, {}],
  ['x', 'x', { ...fields }],
];
const own = ['get', 'post', 'put', 'patch', 'delete', 'postDownload', 'sendRequest', 'prepareUrl'];

(async () => {
  for (const group of Object.values(createApiClient('default'))) {
    const names = Object.keys(group).concat(Object.getOwnPropertyNames(Object.getPrototypeOf(group)));
    for (const name of names) {
      if (typeof group[name] !== 'function' || own.includes(name) || name === 'constructor') continue;
      for (const given of attempts) {
        try {
          await group[name](...given);
        } catch {
          // Arguments of another form: one of the other attempts fits.
        }
      }
    }
  }
  const ours = [...sent].filter(
    (each) =>
      / \/frontegg\/(identity|tenants)\//.test(each) && !/undefined|%20|\[object/.test(each),
  );
  console.log(ours.sort().join('\n'));
})();
