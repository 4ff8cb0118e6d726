// One ESM file per program: what the operator image and the kubectl plugin run.
import { build } from 'esbuild';

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: 'linked',
  minifySyntax: true,
  legalComments: 'none',
  loader: { '.sh': 'text' },
  // Some dependencies are CommonJS and call require() for Node's own modules.
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
};

await build({ ...common, entryPoints: ['src/main.ts'], outfile: 'dist/stillpoint.mjs' });
await build({ ...common, entryPoints: ['src/movers/main.ts'], outfile: 'dist/mover.mjs' });
await build({
  ...common,
  entryPoints: ['src/cli/main.ts'],
  outfile: 'dist/kubectl-stillpoint.mjs',
  banner: { js: `#!/usr/bin/env node\n${common.banner.js}` },
});
