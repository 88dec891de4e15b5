import type { Mdb } from '../../mdb/connect.ts';
import { settleIntent } from '../../mdb/controllers/controller.ts';
import type { ActClock, Observation } from '../../redfish/acts/definition.ts';
import { actOf } from './acts.ts';
import { keeping, type LookAt, unseen } from './command.ts';
import { QuestionError } from './reach.ts';

/** Resources come and go while a controller starts again (quirk 60): that is no matter for a person yet. */
const flapping = /\/(missing|unsupported|rejected|forbidden|not-json)$/;

/**
 * Looks until the effect shows, for as long as the kind of act takes from its sending on; a controller that is away
 * for a while is part of it. What is then still unknown is written down as such: a person's to find out.
 */
export function untilTimeout(mdb: Mdb, clock: ActClock, lookOnce: LookAt): LookAt {
  return async (act, sent, sentAt) => {
    const { follow: usual } = actOf(act.kind);
    const follow = typeof usual === 'function' ? usual(sent) : usual;
    if (!follow) return lookOnce(act, sent, sentAt);
    for (let known = sent; ; ) {
      const seen = await lookOnce(act, known, sentAt).catch(away);
      known = keeping(known, seen);
      if (seen.state !== 'unknown' || seen.waitsFor) return seen;
      if (clock.since(sentAt) > follow.totalMs) {
        await settleIntent(mdb, act.intentId, 'unknown', { observed: seen.observed });
        return seen;
      }
      await clock.wait(follow.intervalMs);
    }
  };
}

function away(error: unknown): Observation {
  if (error instanceof QuestionError && flapping.test(error.question.fault))
    return { state: 'unknown', observed: error.message };
  return unseen(error);
}
