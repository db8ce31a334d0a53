/** What each room may import besides itself; a name with a slash is one folder of a room. */
const arrows = {
  main: ['app', 'config', 'errors', 'log'],
  app: [
    ...[
      'config',
      'errors',
      'log',
      'lifecycle',
      'callers',
      'version',
      'fair',
      'protocol',
      'codec',
      'api',
      'features',
      'gateway',
      'events',
      'net',
    ],
    ...['http', 'websocket', 'webhooks', 'xmpp', 'store', 'tracing'],
  ],
  callers: ['config', 'api', 'features', 'gateway', 'errors'],
  lifecycle: ['api', 'events', 'gateway', 'http', 'webhooks', 'errors'],
  tracing: ['gateway/ports', 'deadline', 'errors'],
  errors: [],
  deadline: [],
  version: [],
  'folded-jid': ['jid'],
  jid: ['errors'],
  net: ['gateway/ports', 'errors'],
  fair: [],
  config: ['errors', 'net', 'gateway/ports'],
  log: ['gateway/ports'],
  xml: ['errors'],
  codec: ['xml', 'jid', 'errors'],
  protocol: ['codec', 'xml', 'errors'],
  gateway: ['protocol', 'codec', 'xml', 'jid', 'folded-jid', 'fair', 'deadline', 'errors'],
  api: ['gateway', 'codec', 'xml', 'jid', 'fair', 'errors'],
  features: ['api', 'protocol', 'gateway', 'codec', 'xml', 'jid', 'folded-jid', 'version', 'errors'],
  events: ['api', 'gateway', 'fair', 'jid', 'folded-jid', 'errors'],
  http: ['api', 'events', 'websocket', 'mcp', 'gateway', 'fair', 'config', 'net', 'deadline', 'errors'],
  websocket: ['api', 'events', 'gateway', 'fair', 'errors'],
  mcp: ['api', 'gateway', 'errors'],
  webhooks: ['api', 'events', 'gateway', 'net', 'errors'],
  xmpp: ['gateway/ports', 'protocol', 'xml', 'jid', 'folded-jid', 'net', 'fair', 'deadline', 'errors'],
  store: ['gateway/ports', 'fair', 'errors'],
  client: [],
  cli: ['client', 'main', 'version'],
  console: ['client'],
}

/** What each folder of xmpp may import of that room besides itself. */
const xmppFolders = {
  stream: [],
  dial: ['stream'],
  login: ['stream'],
  component: ['stream', 'dial', 'login'],
}
/** files of xmpp beside its folders, for all of them */
const xmppLeaves = ['bounds', 'conditions', 'failure', 'unless-aborted']

/** Rooms that alone may know these packages, by how their names begin. */
const libraries = {
  '@xmpp/': ['xmpp'],
  commander: ['cli'],
  jose: ['api'],
  '@modelcontextprotocol/': ['mcp'],
  '@opentelemetry/': ['tracing'],
  ioredis: ['store'],
  undici: ['webhooks', 'net'],
  '@scalar/': ['http'],
  '@?preact': ['console'],
  '@?fastify': ['http', 'websocket', 'app', 'lifecycle'],
}

const inRooms = (rooms) => `^src/(${rooms.join('|')})(/|[.]tsx?$)`

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...Object.entries(arrows).map(([room, others]) => ({
      name: `arrows of ${room}`,
      severity: 'error',
      from: { path: inRooms([room]) },
      to: { path: '^src/', pathNot: inRooms([room, ...others]) },
    })),
    ...Object.entries(xmppFolders).map(([folder, others]) => ({
      name: `arrows of xmpp/${folder}`,
      severity: 'error',
      from: { path: `^src/xmpp/${folder}/` },
      to: { path: '^src/xmpp/', pathNot: `^src/xmpp/(${[folder, ...others, ...xmppLeaves].join('|')})(/|[.]tsx?$)` },
    })),
    ...Object.entries(libraries).map(([library, rooms]) => ({
      name: `rooms of ${library}`,
      severity: 'error',
      from: { path: '^src/', pathNot: inRooms(rooms) },
      to: { path: `^node_modules/${library}` },
    })),
    {
      name: 'a room that is in no plan',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: inRooms(Object.keys(arrows)) },
    },
    {
      name: 'a feature of another feature: what several need stands beside them',
      severity: 'error',
      from: { path: '^src/features/([^/]+)/' },
      to: { path: '^src/features/[^/]+/', pathNot: '^src/features/$1/' },
    },
    { name: 'a circle', severity: 'error', from: { path: '^src/' }, to: { circular: true } },
    // `virtual:` is made by the build of the console
    { name: 'nothing that is found', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: '^virtual:' } },
    {
      name: 'a package of the tests',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/console/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'] },
    },
    { name: 'tests in the program', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|bench|scripts)/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // sees what is imported for its type alone too
    parser: 'swc',
    enhancedResolveOptions: { extensions: ['.ts', '.tsx'], exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
}
