import { parseArgs } from 'node:util';
import { missingForKafka } from '../infra/kafka-local/kafka.mjs';
import type { Section } from './measuring/section.ts';
import { DISTRIBUTED, SECTIONS } from './sections.ts';

export interface Asked {
  readonly sections: readonly Section[];
  readonly quick: boolean;
  readonly repetitions: number;
  readonly out?: string;
  readonly into?: string;
  readonly compare?: string;
}

export const HELP = `npm run bench -- [options]

Measures Monteore on this machine; everything on loopback, over throw-away data, and it stops by itself.

  --only a,b        these sections alone
  --distributed     the sections of services apart too (needs Java 17 and Maven, or Docker)
  --quick           small data sets: to see that it runs, not to know how fast it is
  --repetitions N   of each thing that is compared (5; with --quick 1)
  --out FILE        keeps the results as JSON; sections that FILE has and this run does not measure stay
  --into DOCUMENT   puts the results as a table between the two marks of a Markdown document
  --compare FILE    tells the change of the ratios against an earlier FILE

${SECTIONS.map(({ key, title }) => `  ${key}  ${title}${DISTRIBUTED.has(key) ? ' (distributed)' : ''}`).join('\n')}
`;

/** Throws Error that says which option is wrong and what is possible. `null`: help was asked for. */
export function readCommandLine(args: readonly string[]): Asked | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      distributed: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      repetitions: { type: 'string' },
      out: { type: 'string' },
      into: { type: 'string' },
      compare: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const { only, distributed, quick, out, into, compare } = values;
  const repetitions = Number(values.repetitions ?? (quick ? 1 : 5));
  if (!Number.isInteger(repetitions) || repetitions < 1 || repetitions > 50)
    throw new Error(`--repetitions ${values.repetitions}: a whole number from 1 to 50 is expected`);
  const sections = sectionsFor(only, distributed);
  const missing = sections.some(({ needs }) => needs === 'cluster' || needs === 'kafka')
    ? missingForKafka()
    : null;
  if (missing !== null)
    throw new Error(`${missing}, so no Kafka can be started here: install Java 17 and Maven, or Docker`);
  return {
    sections,
    quick,
    repetitions,
    ...(out === undefined ? {} : { out }),
    ...(into === undefined ? {} : { into }),
    ...(compare === undefined ? {} : { compare }),
  };
}

function sectionsFor(only: string | undefined, distributed: boolean): readonly Section[] {
  if (only === undefined) return SECTIONS.filter(({ key }) => distributed || !DISTRIBUTED.has(key));
  const asked = new Set(only.split(','));
  const unknown = [...asked].find((key) => !SECTIONS.some((section) => section.key === key));
  if (unknown !== undefined)
    throw new Error(`--only ${only}: there is no section «${unknown}», only ${keys().join(', ')}`);
  return SECTIONS.filter(({ key }) => asked.has(key));
}

const keys = (): string[] => SECTIONS.map(({ key }) => key).sort();
