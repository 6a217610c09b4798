#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const program = new URL('../dist/main.js', import.meta.url);
if (!existsSync(fileURLToPath(program))) {
  console.error('monteore: not built yet: run npm run build (npm start does it by itself)');
  process.exit(1);
}
await import(program.href);
