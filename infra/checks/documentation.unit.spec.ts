import { describe, expect, test } from '@jest/globals';
import { commonVariables, type Variables } from '@monteore/service/configuring';
import { composeFile, OVERRIDES, readText, readYaml, type Tree } from './deployment-files.ts';
import { OWN_VARIABLES, SERVICES } from './service-programs.ts';

const deploying = readText('docs/operations/deploying.md');

/** A section of a page, from its heading to the next of the same depth or higher. */
function section(page: string, heading: string): string {
  const depth = /^#+/.exec(heading)![0].length;
  const [, after] = page.split(`\n${heading}\n`);
  if (after === undefined) throw new Error(`no section ${heading}`);
  return after.split(new RegExp(`\n#{1,${depth}} `))[0]!;
}

const headings = (page: string, depth: number): string[] =>
  [...page.matchAll(new RegExp(`^#{${depth}} (.*)$`, 'gm'))].map(([, heading]) => heading!);

/** As it stands in the page: what the code says of each variable, and whether a file may hold it. */
const tableOf = (variables: Variables): string[] =>
  Object.entries(variables).map(
    ([name, { schema, help, secret }]) =>
      `| \`${name}\`${schema.safeParse(undefined).success ? '' : ' *'}${secret ? ' (file)' : ''} | ${help} |`,
  );

const rowsOf = (text: string): string[] => text.split('\n').filter((line) => /^\| `[A-Z]/.test(line));

describe('deploying.md names every variable, as the code has it', () => {
  test('of all services', () => {
    expect(rowsOf(section(deploying, '### Every service'))).toEqual(tableOf(commonVariables));
  });

  test.each(SERVICES.filter((service) => Object.keys(OWN_VARIABLES[service]).length > 0))(
    'of %s',
    (service) => {
      const name = service.charAt(0).toUpperCase() + service.slice(1);
      expect(rowsOf(section(deploying, `### ${name}`))).toEqual(tableOf(OWN_VARIABLES[service]));
    },
  );
});

test('deploying.md names every choice of docker-compose.yml', () => {
  const files = ['docker-compose.yml', ...OVERRIDES].map(readText).join('\n');
  const asked = new Set([...files.matchAll(/\$\{(\w+)/g)].map(([, name]) => name!));
  expect(
    rowsOf(section(deploying, '### Choices'))
      .map((row) => /`(\w+)`/.exec(row)![1])
      .sort(),
  ).toEqual([...asked].sort());
  for (const path of OVERRIDES) expect(deploying).toContain(`\`${path}\``);
});

test('deploying.md says where everything is', () => {
  const { services } = composeFile({ MONTEORE_POSTGRES_PASSWORD_FILE: 'x' });
  const published = Object.values<Tree>(services).flatMap(({ ports = [] }) => ports as string[]);
  for (const port of published) expect(deploying).toContain(port.split(':').slice(0, 2).join(':'));
});

test('alerts.md says what to do for each alert', () => {
  const alerts: string[] = readYaml('infra/prometheus/alerts.yml').groups.flatMap(({ rules }: Tree) =>
    rules.map(({ alert }: Tree) => alert),
  );
  expect(headings(readText('docs/operations/alerts.md'), 2)).toEqual(alerts);
});

test('dashboard.md explains every panel', () => {
  const { panels } = JSON.parse(readText('infra/grafana/dashboards/monteore.json'));
  const page = readText('docs/operations/dashboard.md');
  const rows = panels.filter(({ type }: Tree) => type === 'row').map(({ title }: Tree) => title);
  expect(headings(page, 2)).toEqual(rows);
  const explained = page.split('\n').flatMap((line) => /^\| \*\*(.+?)\*\* \|/.exec(line)?.[1] ?? []);
  expect(explained).toEqual(
    panels.filter(({ type }: Tree) => type !== 'row').map(({ title }: Tree) => title),
  );
});
