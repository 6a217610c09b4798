// `npm start`: installs what is missing, builds what has changed, runs Monteore. Works on whatever Node is there.
await import('./prepare.mjs');
await import('./build.mjs');
const { runProgram } = await import('./run-program.mjs');
runProgram('apps/monteore/dist/main.js', process.argv.slice(2));
