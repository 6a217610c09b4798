// `npm run bench`: measures Monteore on this machine; `-- --help` tells what and how.
await import('./prepare.mjs');
await import('./build.mjs');
const { runProgram } = await import('./run-program.mjs');
runProgram('bench/main.ts', process.argv.slice(2));
