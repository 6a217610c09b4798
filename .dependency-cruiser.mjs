/** The dependency rules of the architecture; each says why. */
export default {
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@monteore/source', 'import', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
  },
  forbidden: [
    {
      name: 'domain-is-pure',
      comment:
        'Deciders and folds import nothing but kernel, calendar and the vocabulary: no I/O, no framework, no clock.',
      severity: 'error',
      from: { path: '^apps/[^/]+/src/(package|board|domain)/', pathNot: '\\.spec\\.ts$' },
      to: {
        pathNot: [
          '^packages/(kernel|calendar|contracts)/',
          '^apps/[^/]+/src/(package|board|domain)/',
          '^node:crypto$',
        ],
      },
    },
    {
      name: 'services-do-not-know-each-other',
      comment: 'Services exchange events; only apps/monteore may compose them.',
      severity: 'error',
      from: { path: '^apps/(?!monteore/)([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'packages-do-not-know-services',
      comment: 'What is shared cannot depend on who shares it.',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^apps/' },
    },
    {
      name: 'drivers-behind-their-port',
      comment:
        'A driver is reached through the factory its package exports, so that configuration alone chooses it.',
      severity: 'error',
      from: { pathNot: '^packages/(event-store|messaging)/' },
      to: { path: '^packages/(event-store|messaging)/src/(postgres|kafka|kurrentdb)/' },
    },
    {
      name: 'tests-stay-in-tests',
      comment: 'Nothing that runs in production imports a spec or the testing package.',
      severity: 'error',
      from: {
        pathNot: [
          '\\.spec\\.ts$',
          '^packages/testing/',
          '^(apps|packages)/[^/]+/src/testing/',
          'conformance',
          '^e2e/',
        ],
      },
      to: { path: ['\\.spec\\.ts$', '^packages/testing/', '^(apps|packages)/[^/]+/src/testing/'] },
    },
    {
      name: 'no-cycles',
      comment: 'A cycle means that two files are one thing, or that a third is missing.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
  ],
};
