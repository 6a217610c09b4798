import { parseArgs } from 'node:util';
import { startDouble } from './server.js';

// `node main.js [--port N] [--directory D]`: runs the double until it is told to stop, or killed.
const { values } = parseArgs({ options: { port: { type: 'string' }, directory: { type: 'string' } } });
const double = await startDouble({
  port: Number(values.port ?? 0),
  ...(values.directory !== undefined && { directory: values.directory }),
});
process.on('SIGTERM', () => {
  void double.stop().then(() => process.exit(0));
});
// Whoever started it to talk to it is gone, however that came about.
process.on('disconnect', () => process.exit(0));
process.stdout.write(`ready ${double.connectionString}\n`);
