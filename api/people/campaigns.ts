import { z } from 'zod';
import { accepted } from '../../contract/api.ts';
import type { SteeringKind } from '../../contract/campaign.ts';
import * as contract from '../../contract/campaignschemas.ts';
import {
  keepCampaign,
  readCandidates,
  rehearseCampaign,
  startCampaign,
  steerCampaign,
} from '../../mdb/campaigns/campaigns.ts';
import type { Mdb } from '../../mdb/connect.ts';
import type { App, PeopleDependencies } from './app.ts';
import { showCampaign, showCampaigns } from './campaignview.ts';
import { ApiError, granted } from './errors.ts';
import { mustSelect } from './names.ts';
import { mustBeMeant, mustKnowGroups, readSpec } from './spec.ts';

const tags = ['campaigns'];
const named = z.strictObject({ id: contract.campaignId });

export function serveCampaigns(app: App, { mdb }: PeopleDependencies): void {
  app.post(
    '/campaigns',
    {
      schema: {
        tags,
        summary: 'Plans one order over many machines; nothing is done until the plan is started',
        body: contract.campaignRequest,
        response: { 200: contract.campaignPlanned, 201: contract.campaignPlanned },
      },
    },
    async ({ body, operator }, reply) => {
      const { id, selector: text, pace, passage, reason, count } = body;
      const order = readSpec({
        passage,
        reason,
        request: body.request,
        class: body.class,
        dryRun: false,
      });
      await mustKnowGroups(mdb, order);
      const { passageRequest, class: urgency } = order;
      const selector = await mustSelect(mdb, text);
      const candidates = await readCandidates(mdb, selector);
      mustBeMeant(text, selector, candidates.length, count);
      const spec = {
        id,
        selector: text,
        pace,
        passage,
        reason,
        class: urgency,
        request: { ...passageRequest.request },
      };
      const { created } = granted(await keepCampaign(mdb, operator, spec, candidates));
      const { campaign } = await mustShow(mdb, id, { limit: 0 });
      return reply.code(created ? 201 : 200).send({ created, campaign });
    },
  );
  app.get(
    '/campaigns',
    { schema: { tags, summary: 'Campaigns, newest first', response: { 200: contract.campaignList } } },
    async () => ({ campaigns: await showCampaigns(mdb, 200) }),
  );
  app.get(
    '/campaigns/:id',
    {
      schema: {
        tags,
        summary: 'One campaign: its plan, how far it is, and what became of each machine',
        params: named,
        querystring: contract.campaignPage,
        response: { 200: contract.campaignDetail },
      },
    },
    async ({ params: { id }, query }) => mustShow(mdb, id, query),
  );
  app.post(
    '/campaigns/:id/rehearse',
    {
      schema: {
        tags,
        summary: 'Orders a dry run of each of its machines',
        params: named,
        response: { 202: contract.rehearsals },
      },
    },
    async ({ params: { id }, operator }, reply) =>
      reply.code(202).send(granted(await rehearseCampaign(mdb, operator, id))),
  );
  app.post(
    '/campaigns/:id/start',
    {
      schema: {
        tags,
        summary: 'Starts the plan that was reviewed, if it would still be the same',
        params: named,
        body: contract.campaignStart,
        response: { 202: accepted },
      },
    },
    async ({ params: { id }, body, operator }, reply) => {
      granted(await startCampaign(mdb, operator, id, body.plan, body.reason));
      return reply.code(202).send({ accepted: true });
    },
  );
  for (const [how, summary] of steering) {
    app.post(
      `/campaigns/:id/${how}`,
      {
        schema: {
          tags,
          summary,
          params: named,
          body: how === 'cancel' ? contract.campaignCancel : contract.campaignSteering,
          response: { 202: accepted },
        },
      },
      async ({ params: { id }, body, operator }, reply) => {
        granted(await steerCampaign(mdb, operator, id, how, body));
        return reply.code(202).send({ accepted: true });
      },
    );
  }
}

const steering: readonly (readonly [SteeringKind, string])[] = [
  ['pause', 'Begins nothing more until it is resumed; what is under way goes on'],
  ['resume', 'Goes on after a pause, or after a halt whose failures were looked at'],
  ['cancel', 'Begins nothing more and ends; with "stop" also what runs, at its next safe point'],
];

async function mustShow(mdb: Mdb, id: string, page: Parameters<typeof showCampaign>[2]) {
  const detail = await showCampaign(mdb, id, page);
  if (detail === null) throw new ApiError('not-found', `there is no campaign ${id}`);
  return detail;
}
