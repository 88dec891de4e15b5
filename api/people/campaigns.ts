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
import { countCampaigns, countListed, listMembers } from '../../mdb/campaigns/listing.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { showCampaign, showCampaigns } from './campaignview.ts';
import { readPage } from './cursors.ts';
import { ApiError, granted } from './errors.ts';
import { eyesOfStart } from './eyes/orders.ts';
import { mustSelect } from './names.ts';
import { type ApiRoute, acceptance, route } from './route.ts';
import { mustBeMeant, mustKnowGroups, readSpec } from './spec.ts';

const named = z.strictObject({ id: contract.campaignId });

export const steering: readonly (readonly [SteeringKind, string])[] = [
  ['pause', 'Begins nothing more until it is resumed; what is under way goes on'],
  ['resume', 'Goes on after a pause, or after a halt whose failures were looked at'],
  ['cancel', 'Begins nothing more and ends; with "stop" also what runs, at its next safe point'],
];

export const campaignRoutes: readonly ApiRoute[] = [
  route({
    method: 'POST',
    path: '/campaigns',
    tag: 'campaigns',
    summary: 'Plans one order over many machines; nothing is done until the plan is started',
    right: { role: 'operator', of: 'selector' },
    effect: 'write',
    reason: 'required',
    body: contract.campaignRequest,
    answers: { 200: contract.campaignPlanned, 201: contract.campaignPlanned },
    handle: async ({ body, operator, mdb, reply }) => {
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
      const { campaign } = await mustShow(mdb, id);
      reply.code(created ? 201 : 200);
      return { created, campaign };
    },
  }),
  route({
    method: 'GET',
    path: '/campaigns',
    tag: 'campaigns',
    summary: 'Campaigns, newest first',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    narrows: true,
    query: contract.campaignFilter,
    fieldsOf: 'campaigns',
    answers: { 200: contract.campaignList },
    handle: async ({ query: { state, limit, after }, pools, mdb, cursors }) => {
      const { rows, ...page } = await readPage(
        cursors,
        'campaigns',
        { after, limit },
        (of) => showCampaigns(mdb, { state, pools, ...of }),
        () => countCampaigns(mdb, { state, pools }),
      );
      return { campaigns: [...rows], ...page };
    },
  }),
  route({
    method: 'GET',
    path: '/campaigns/:id',
    tag: 'campaigns',
    summary: 'One campaign: its plan, how far it is, and what became of each machine',
    right: { role: 'viewer', of: 'campaign' },
    effect: 'read',
    params: named,
    query: contract.campaignPage,
    answers: { 200: contract.campaignDetail },
    handle: async ({ params: { id }, query: { state, ...of }, mdb, cursors }) => {
      const { campaign, groups } = await mustShow(mdb, id);
      const { rows, ...page } = await readPage(
        cursors,
        `members of ${id}`,
        of,
        async (own) =>
          (await listMembers(mdb, id, { state, ...own })).map((member) => ({ id: member.machineId, member })),
        () => countListed(mdb, id, state),
      );
      return { campaign, groups, members: rows.map(({ member }) => member), ...page };
    },
  }),
  route({
    method: 'POST',
    path: '/campaigns/:id/rehearse',
    tag: 'campaigns',
    summary: 'Orders a dry run of each of its machines',
    right: { role: 'operator', of: 'campaign' },
    effect: 'write',
    params: named,
    answers: { 202: contract.rehearsals },
    handle: async ({ params: { id }, operator, mdb }) => granted(await rehearseCampaign(mdb, operator, id)),
  }),
  route({
    method: 'POST',
    path: '/campaigns/:id/start',
    tag: 'campaigns',
    summary: 'Starts the plan that was reviewed, if it would still be the same',
    right: { role: 'operator', of: 'campaign' },
    effect: 'destructive',
    reason: 'required',
    params: named,
    body: contract.campaignStart,
    eyes: eyesOfStart,
    answers: { 202: accepted },
    handle: async ({ params: { id }, body, operator, mdb }) => {
      granted(await startCampaign(mdb, operator, id, body.plan, body.reason));
      return acceptance;
    },
  }),
  ...steering.map(([how, summary]) =>
    route({
      method: 'POST',
      path: `/campaigns/:id/${how}`,
      tag: 'campaigns',
      summary,
      right: { role: 'operator', of: 'campaign' },
      effect: 'write',
      reason: 'required',
      params: named,
      body: how === 'cancel' ? contract.campaignCancel : contract.campaignSteering,
      answers: { 202: accepted },
      handle: async ({ params: { id }, body, operator, mdb }) => {
        granted(await steerCampaign(mdb, operator, id, how, body));
        return acceptance;
      },
    }),
  ),
];

async function mustShow(mdb: Mdb, id: string) {
  const detail = await showCampaign(mdb, id, { limit: 0 });
  if (detail === null) throw new ApiError('not-found', `there is no campaign ${id}`);
  return detail;
}
