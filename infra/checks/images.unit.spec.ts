import { describe, expect, test } from '@jest/globals';
import { composeFile, containersOf, manifests, readText, type Tree } from './deployment-files.ts';
import { SERVICES, variablesOf } from './service-programs.ts';

const { version, devDependencies } = JSON.parse(readText('package.json'));
const dockerfile = readText('infra/docker/Dockerfile').replace(/ *\\\n\s*/g, ' ');
const lines = (instruction: string): string[] =>
  [...dockerfile.matchAll(new RegExp(`^${instruction} (.*)$`, 'gm'))].map(([, rest]) => rest!.trim());
const last = (instruction: string): string => lines(instruction).at(-1)!;

/** Of a registry or of ours: a version to the last number, so that the same file is the same system tomorrow. */
const PINNED = /^[\w./-]+:v?\d+\.\d+\.\d+(-[\w.-]+)?$|^postgres:\d+\.\d+-\w+$/;

test('every image is pinned, and the same everywhere', () => {
  const composed = Object.values<Tree>(composeFile({ MONTEORE_POSTGRES_PASSWORD_FILE: 'x' }).services);
  const deployed = manifests().flatMap(({ content }) => containersOf(content));
  const images = [...composed, ...deployed].map(({ image }) => image as string);
  const base = lines('FROM').filter((from) => from.includes(':'));
  for (const image of [...images, ...base.map((from) => from.split(' ')[0]!)]) expect(image).toMatch(PINNED);
  const versions = new Map<string, Set<string>>();
  for (const [name, tag] of images.map((image) => image.split(':') as [string, string]))
    versions.set(name, (versions.get(name) ?? new Set()).add(tag));
  for (const [name, tags] of versions) expect([name, ...tags]).toHaveLength(2);
  for (const name of [...SERVICES, 'monteore'])
    expect(versions.get(`monteore/${name}`)).toEqual(new Set([version]));
});

describe('the Dockerfile', () => {
  test('builds on the Node and with the turbo that the lock file pins', () => {
    expect(lines('FROM')[0]).toBe(`node:${devDependencies.node}-trixie-slim AS base`);
    expect(last('LABEL')).toContain(`base.name="docker.io/library/node:${devDependencies.node}-trixie-slim"`);
    expect(dockerfile).toContain(`npm install --global turbo@${devDependencies.turbo}`);
    expect(lines('ARG')).toContain(`VERSION=${version}`);
  });

  test('runs as a user of its own, and hears when it should stop', () => {
    expect(last('USER')).toBe('10001:10001');
    expect(last('STOPSIGNAL')).toBe('SIGTERM');
    expect(JSON.parse(last('ENTRYPOINT'))).toEqual(['node', 'dist/main.js']);
    expect(lines('CMD')).toEqual([]);
  });

  test('listens where it says, and asks itself there whether it is ready', () => {
    const port = variablesOf('ledger').MONTEORE_PORT!.schema.parse(undefined);
    expect(last('ENV')).toBe(`NODE_ENV=production MONTEORE_HOST=0.0.0.0 MONTEORE_PORT=${port}`);
    expect(last('EXPOSE')).toBe(String(port));
    const [, command] = / CMD (\[.*\])$/.exec(last('HEALTHCHECK'))!;
    expect(JSON.parse(command!).slice(0, 2)).toEqual(['node', '-e']);
    expect(command).toContain("'http://127.0.0.1:' + process.env.MONTEORE_PORT + '/health/ready'");
  });

  test('is given what it builds from, and nothing that merely lies there', () => {
    const [first, ...rest] = readText('infra/docker/Dockerfile.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(first).toBe('*');
    expect(rest.filter((line) => line.startsWith('!')).sort()).toEqual([
      '!.npmrc',
      '!apps',
      '!package-lock.json',
      '!package.json',
      '!packages',
      '!tsconfig.base.json',
      '!turbo.json',
    ]);
  });
});
