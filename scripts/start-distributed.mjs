// `npm run start:distributed`: every service as a process of its own, over a Kafka broker and a Postgres that are started
// for it and thrown away at Ctrl-C. Needs Java 17 and Maven, or Docker, or KAFKA_BROKERS.
await import('./prepare.mjs');
await import('./build.mjs');
const { runProgram } = await import('./run-program.mjs');
runProgram('e2e/distributed/main.ts', process.argv.slice(2));
