import tseslint from 'typescript-eslint';

/**
 * Dependencies point downwards only (docs/design/0001): controllers → hooks, snapshots, manifests, … → runtime, api.
 * For each layer: what it must not import.
 */
const layers = {
  api: ['observability', 'schedule', 'hooks', 'snapshots', 'manifests', 'movers', 'storage', 'controllers', 'cli', 'main'],
  runtime: ['api', 'schedule', 'hooks', 'snapshots', 'manifests', 'movers', 'storage', 'controllers', 'cli', 'main'],
  observability: ['api', 'schedule', 'hooks', 'snapshots', 'manifests', 'movers', 'storage', 'controllers', 'cli', 'main'],
  schedule: ['api', 'runtime', 'observability', 'hooks', 'snapshots', 'manifests', 'movers', 'storage', 'controllers', 'cli', 'main'],
  hooks: ['schedule', 'snapshots', 'manifests', 'movers', 'storage', 'controllers', 'cli', 'main'],
  snapshots: ['schedule', 'hooks', 'manifests', 'movers', 'storage', 'controllers', 'cli', 'main'],
  manifests: ['schedule', 'hooks', 'snapshots', 'movers', 'storage', 'controllers', 'cli', 'main'],
  movers: ['schedule', 'hooks', 'snapshots', 'manifests', 'storage', 'controllers', 'cli', 'main'],
  storage: ['schedule', 'hooks', 'snapshots', 'movers', 'controllers', 'cli', 'main'],
  controllers: ['cli', 'main'],
  cli: ['controllers', 'main'],
};

const direction = Object.entries(layers).map(([layer, forbidden]) => ({
  files: [`src/${layer}/**/*.ts`],
  rules: {
    'no-restricted-imports': [
      'error',
      { patterns: [{ group: forbidden.flatMap((f) => [`**/${f}/**`, `**/${f}.js`]), message: `src/${layer} must not depend on: ${forbidden.join(', ')}` }] },
    ],
  },
}));

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'crds/', 'test/.artifacts/', '**/go/'] },
  ...tseslint.configs.strictTypeChecked.map((c) => ({ ...c, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
    },
  },
  {
    files: ['test/**/*.ts', 'tools/**/*.ts'],
    rules: { 'max-lines-per-function': 'off', 'no-console': 'off', '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  { files: ['src/cli/**/*.ts'], rules: { 'no-console': 'off' } },
  ...direction,
);
