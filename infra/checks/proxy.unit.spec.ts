import { expect, test } from '@jest/globals';
import { readText } from './deployment-files.ts';
import { SERVICES, variablesOf } from './service-programs.ts';

const caddyfile = readText('infra/caddy/Caddyfile');
const all = (pattern: RegExp): string[] => [...caddyfile.matchAll(pattern)].map(([, found]) => found!);

test('every service has its path, and is asked whether it is ready', () => {
  expect(all(/^\t\timport service (\w+)$/gm).sort()).toEqual([...SERVICES].sort());
  expect(all(/^\t\t\t\timport ready (\w+)$/gm).sort()).toEqual([...SERVICES].sort());
  expect(caddyfile).toContain('handle_path /api/{args[0]}/* {');
  expect(caddyfile).toContain('uri /health/ready');
});

test('services are reached at the port that they listen on', () => {
  const port = String(variablesOf('ledger').MONTEORE_PORT!.schema.parse(undefined));
  expect(all(/dynamic a \{args\[0\]\} (\d+)/g)).toEqual([port]);
  expect(all(/forward_auth \{args\[0\]\}:(\d+)/g)).toEqual([port]);
});

test('bodies are refused above the same sizes as by the services', () => {
  expect(all(/request_body (@\w+ \{\s+max_size \w+)/g).map((found) => found.replace(/\s+/g, ' '))).toEqual([
    '@mail { max_size 25MiB',
    '@other { max_size 10MiB',
  ]);
  expect(all(/@(?:mail|other) (.*)$/gm)).toEqual(
    expect.arrayContaining(['path /api/intake/v1/inbound-mail', 'not path /api/intake/v1/inbound-mail']),
  );
});

test('metrics are not for everybody', () => {
  const [pattern] = all(/@metrics path_regexp (.*)$/gm);
  for (const service of SERVICES)
    for (const path of [`/api/${service}/metrics`, `/api/${service}/metrics/`])
      expect(path).toMatch(new RegExp(pattern!));
  expect(caddyfile).toContain('error @metrics 404');
});

test('event streams are passed on as they come, and end when their reader goes', () => {
  expect(caddyfile).not.toMatch(/^\s*flush_interval/m);
  expect(caddyfile).not.toMatch(/^\s*encode/m);
});

test('no log holds the address of a link or a token', () => {
  for (const kept of ['request>uri', 'request>headers', 'resp_headers'])
    expect(caddyfile).toMatch(new RegExp(`^\\s*${kept} delete$`, 'm'));
  expect(caddyfile).not.toMatch(/^\s*log( \{)?$/m);
});
