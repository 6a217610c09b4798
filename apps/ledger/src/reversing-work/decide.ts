import { type Minutes, type Refusal, refuse } from '@monteore/kernel';
import { drawFrom, mergeDraws, subtractDraws } from '../package/balances.js';
import { type Decision, decideOnLivePackage } from '../package/decide.js';
import type { Draw } from '../package/events.js';
import type { DecisionContext, Recorder } from '../package/record.js';
import { openOverrunsOf } from '../package/reservation-plan.js';
import { activityOf, type Package, type PackageState, sumOf, type WorkEntryState } from '../package/state.js';

export interface ReverseWork {
  readonly workEntryId: string;
  readonly reason: string;
  /** A team member reverses its own entries only (R17). */
  readonly ownEntriesOnly: boolean;
}

/**
 * R15: a mistake is reversed by a new entry. The charge goes back to the hold while the activity is active, else to
 * `available`; open overruns of the activity are charged from it; the entry's own overrun falls with it.
 */
export function reverseWork(
  state: PackageState,
  context: DecisionContext,
  command: ReverseWork,
): Decision | Refusal {
  return decideOnLivePackage(state, context, (recorder) => {
    const entry = recorder.package.entries.get(command.workEntryId);
    if (entry === undefined) return unknownEntry();
    if (entry.reversed) return alreadyReversed();
    const { subject } = context.actor;
    if (command.ownEntriesOnly && entry.recordedBy !== subject && entry.performedById !== subject)
      return notOwn();
    giveBack(recorder, entry, command.reason);
  });
}

function giveBack(recorder: Recorder, entry: WorkEntryState, reason: string): void {
  const state = recorder.package;
  const activity = activityOf(state, entry.activityId);
  const own = entry.overrunId === undefined ? undefined : state.overruns.get(entry.overrunId);
  const others = openOverrunsOf(state, entry.activityId).filter(
    (overrun) => overrun.overrunId !== entry.overrunId,
  );

  const charge = landingPlaces(state, mergeDraws([...entry.fromHold, ...entry.beyondHold]), []);
  const ownCharge = landingPlaces(state, own?.draws ?? [], [charge]);
  const returned = charge.places;
  const forOverruns = drawFrom(
    returned,
    Math.min(
      sumOf(returned),
      others.reduce((sum, overrun) => sum + overrun.minutes, 0),
    ),
  );
  const rest = subtractDraws(returned, forOverruns);
  const goesToHold = activity.ended === undefined && activity.hold !== undefined;
  const toHold = goesToHold ? drawFrom(rest, Math.min(sumOf(rest), sumOf(entry.fromHold))) : [];
  const toAvailable = mergeDraws([...subtractDraws(rest, toHold), ...ownCharge.places]);
  const { live, expiredMinutes } = splitByExpiry(state, toAvailable);
  const leftAgain =
    sumOf(entry.fromHold) + (entry.afterEnd ? sumOf(entry.beyondHold) : 0) - sumOf(forOverruns);
  recorder.record(
    'ChargeReversed',
    {
      workEntryId: entry.workEntryId,
      activityId: entry.activityId,
      actualMinutes: entry.actualMinutes,
      chargedMinutes: entry.chargedMinutes + (own?.chargedMinutes ?? 0),
      toHoldMinutes: sumOf(toHold),
      ...(own === undefined ? {} : { fallenOverrunId: own.overrunId }),
      reason,
      toHold,
      toLots: mergeDraws([...live, ...forOverruns]),
      uncovered: mergeDraws([...charge.uncovered, ...ownCharge.uncovered]),
      ...(expiredMinutes === 0 ? {} : { newLot: { lotId: recorder.newId('lot'), minutes: expiredMinutes } }),
      leftAgainMinutes: Math.max(0, leftAgain),
      beyondHoldMinutes: entry.afterEnd ? 0 : sumOf(entry.beyondHold),
    },
    entry.performedOn,
  );
  chargeOverruns(recorder, others, forOverruns);
}

function chargeOverruns(
  recorder: Recorder,
  overruns: ReturnType<typeof openOverrunsOf>,
  budget: readonly Draw[],
): void {
  let left = budget;
  for (const overrun of overruns) {
    const minutes = Math.min(overrun.minutes, sumOf(left));
    if (minutes === 0) return;
    const draws = drawFrom(left, minutes);
    left = subtractDraws(left, draws);
    recorder.record('OverrunDecided', {
      overrunId: overrun.overrunId,
      activityId: overrun.activityId,
      outcome: 'charged',
      minutes,
      remainingMinutes: overrun.minutes - minutes,
      cause: 'reversal',
      decidedBy: recorder.context.actor,
      draws,
    });
  }
}

interface Landing {
  readonly places: readonly Draw[];
  readonly uncovered: readonly Draw[];
}

/**
 * What was drawn on the overdraft and has been paid back since returns to the lots that paid, newest first; `before` is
 * what the same reversal has returned already.
 */
function landingPlaces(state: Package, draws: readonly Draw[], before: readonly Landing[]): Landing {
  const onOverdraft = overdraftOf(draws);
  const owedMinutes =
    state.overdraft.chargedMinutes - before.reduce((sum, { places }) => sum + overdraftOf(places), 0);
  const stillOwed = Math.min(onOverdraft, owedMinutes);
  const payers = [...state.lots]
    .reverse()
    .map(({ lotId, coveredMinutes }) => ({ lotId, minutes: coveredMinutes }));
  const left = subtractDraws(
    payers,
    before.flatMap(({ uncovered }) => uncovered),
  );
  const uncovered = drawFrom(left, onOverdraft - stillOwed);
  const onLots = draws.filter((draw) => draw.lotId !== null);
  return { places: mergeDraws([...onLots, { lotId: null, minutes: stillOwed }, ...uncovered]), uncovered };
}

const overdraftOf = (draws: readonly Draw[]): Minutes => sumOf(draws.filter((draw) => draw.lotId === null));

function splitByExpiry(state: Package, draws: readonly Draw[]): { live: Draw[]; expiredMinutes: Minutes } {
  const expired = new Set(state.lots.filter((lot) => lot.expired).map((lot) => lot.lotId));
  const isExpired = (draw: Draw) => draw.lotId !== null && expired.has(draw.lotId);
  return { live: draws.filter((draw) => !isExpired(draw)), expiredMinutes: sumOf(draws.filter(isExpired)) };
}

const unknownEntry = (): Refusal =>
  refuse(
    404,
    'ledger.work-entry-unknown',
    'No such work entry',
    'This package has no work entry with this id.',
  );

const alreadyReversed = (): Refusal =>
  refuse(
    409,
    'ledger.already-reversed',
    'Already reversed',
    'A work entry is reversed once; this one has been.',
  );

const notOwn = (): Refusal =>
  refuse(
    403,
    'ledger.not-own-entry',
    'Not your entry',
    'A team member reverses its own entries; a referent or an administrator can reverse this one.',
  );
