import type { BoardsDiff, RowDiff, TableDiff } from '@monteore/reporting';
import { Command } from 'commander';
import { layoutOf } from '../keeping-the-data-directory/layout.js';
import { readSettings, SETTINGS } from '../reading-settings/settings.js';
import { plain, print, printJson, table, tell } from './printing.js';

const SCHEMA = 'reporting';
const TELL_EVERY_MILLISECONDS = 5000;

/** `monteore replay-diff`: exit code 0 when nothing would change, 2 when something would. */
export function replayDiffCommand(): Command {
  return new Command('replay-diff')
    .description('what a rebuild of the boards by this build would change, before it is deployed')
    .option(
      SETTINGS.data.flag!,
      `${SETTINGS.data.help} [${SETTINGS.data.variable}]; not needed with the variables of reporting`,
    )
    .option('--json', 'print JSON instead of tables')
    .addHelpText(
      'after',
      '\nRun it with the new build, beside the old one that serves: with the variables that reporting is started with, or on a data directory.',
    )
    .action(async ({ data, json }: { data?: string; json?: true }) => {
      const diff = await diffOf(data);
      if (json === true) printJson(diff);
      else printDiff(diff);
      if (diff.tables.some(changes)) process.exitCode = 2;
    });
}

/** What serves is that of the services' own database where their variables name it, else that of a data directory. */
async function diffOf(data: string | undefined): Promise<BoardsDiff> {
  const { MONTEORE_DATABASE_URL, MONTEORE_DATABASE_URL_FILE } = process.env;
  const { reportingVariables } = await import('@monteore/reporting');
  const { messagingOf, readServiceVariables } = await import('@monteore/service/configuring');
  if (data === undefined && (MONTEORE_DATABASE_URL || MONTEORE_DATABASE_URL_FILE)) {
    const values = readServiceVariables(reportingVariables, process.env);
    const ownerUrl = values.MONTEORE_OWNER_DATABASE_URL;
    const messaging = messagingOf(values);
    return diffAt(
      ownerUrl,
      messaging.driver === 'postgres' ? { driver: 'postgres', url: ownerUrl } : messaging,
    );
  }
  const { withDatabase } = await import('../backing-up/reaching-the-database.js');
  const settings = readSettings({ data }, { MONTEORE_DATA: process.env.MONTEORE_DATA });
  return withDatabase(layoutOf(settings.data), ({ adminUrl }) => {
    const url = adminUrl('monteore');
    return diffAt(url, { driver: 'postgres', url });
  });
}

async function diffAt(
  ownerUrl: string,
  messagingSettings: Parameters<typeof import('@monteore/service').messagingFrom>[1],
): Promise<BoardsDiff> {
  const { replayDiff } = await import('@monteore/reporting');
  const { messagingFrom } = await import('@monteore/service');
  const messaging = await messagingFrom(SCHEMA, messagingSettings);
  let toldAt = performance.now();
  try {
    return await replayDiff({
      ownerUrl,
      schema: SCHEMA,
      messaging,
      onProgress: (read, all) => {
        if (performance.now() - toldAt < TELL_EVERY_MILLISECONDS) return;
        toldAt = performance.now();
        tell(`${read} of ${all} messages`);
      },
    });
  } finally {
    await messaging.close();
  }
}

const changes = ({ added, removed, changed }: TableDiff): boolean => added + removed + changed > 0;

function printDiff({ messages, tables }: BoardsDiff): void {
  const differing = tables.filter(changes);
  print(
    differing.length === 0
      ? `Nothing would change: ${messages} messages give the boards that serve.`
      : `${messages} messages give other boards than those that serve:`,
  );
  if (differing.length === 0) return;
  print(
    table(
      ['TABLE', 'ROWS NOW', 'ROWS THEN', 'ADDED', 'REMOVED', 'CHANGED'],
      differing.map((diff) => [
        diff.table,
        diff.servingRows,
        diff.replayedRows,
        diff.added,
        diff.removed,
        diff.changed,
      ]),
    ),
  );
  for (const diff of differing) printTable(diff);
}

function printTable({ table: name, columns, examples, added, removed, changed }: TableDiff): void {
  const named = Object.entries(columns).map(([column, rows]) => `${column} (${rows})`);
  print(`\n${name}${named.length === 0 ? '' : `: ${named.join(', ')}`}`);
  for (const example of examples) printExample(example);
  const hidden = added + removed + changed - examples.length;
  if (hidden > 0) print(`  … and ${hidden} more rows`);
}

function printExample({ key, kind, columns }: RowDiff): void {
  const place = Object.entries(key).map(([column, value]) => `${column} ${value}`);
  print(`  ${kind}: ${place.join(', ')}`);
  for (const [column, [before, after]] of Object.entries(columns))
    print(`    ${column}: ${plain(before ?? '(empty)')} -> ${plain(after ?? '(empty)')}`);
}
