// `npm run demo`: plays the life of one package against an instance of its own; fails when a balance differs.
await import('./prepare.mjs');
await import('./build.mjs');
const { runProgram } = await import('./run-program.mjs');
runProgram('e2e/demo/main.ts', process.argv.slice(2));
