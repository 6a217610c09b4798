import type { ServiceCore } from '@monteore/service';
import { Inject, Injectable } from '@nestjs/common';
import type { EstimateVersion } from '../board/events.js';
import { snapshotOf } from '../board/snapshot.js';
import type { ActivityState, Board } from '../board/state.js';
import { LedgerCopy, NO_MINUTES } from '../following-the-ledger/ledger-copy.js';
import { CORE } from '../tokens.js';

/** Activities as REST shows them (api.md): ids of the team turned into what the team is called. */
@Injectable()
export class ActivityViews {
  constructor(
    @Inject(CORE) private readonly core: ServiceCore,
    @Inject(LedgerCopy) private readonly ledger: LedgerCopy,
  ) {}

  async of(board: Board, activities: readonly ActivityState[]) {
    const minutes = await this.ledger.minutesOf(activities.map(({ activityId }) => activityId));
    const people = activities.flatMap((activity) => [
      ...(activity.assigneeId === undefined ? [] : [activity.assigneeId]),
      ...activity.versions.map(({ assigneeId }) => assigneeId),
    ]);
    const labelOf = await this.core.people.labels(people);
    const showVersion = ({ assigneeId, lowered: _, ...version }: EstimateVersion) => ({
      ...version,
      assignee: labelOf(assigneeId),
    });
    return activities.map((activity) => {
      const { assigneeId, estimate: _, clientId: __, ...shown } = snapshotOf(board, activity);
      const newest = activity.versions.at(-1);
      return {
        ...shown,
        ...(activity.description === undefined ? {} : { description: activity.description }),
        ...(newest === undefined ? {} : { estimate: showVersion(newest) }),
        assignee: labelOf(assigneeId),
        ...(minutes.get(activity.activityId) ?? NO_MINUTES),
        ...(activity.waiting === undefined ? {} : { missingMinutes: activity.waiting.missingMinutes }),
        versions: activity.versions.map((version) => ({
          ...showVersion(version),
          ...(activity.decisions.has(version.version)
            ? { decision: activity.decisions.get(version.version) }
            : {}),
        })),
      };
    });
  }
}
