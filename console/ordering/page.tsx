/** Ordering for all machines that a selector means: it becomes a plan, with its hash, and nothing is done until that is started. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Button } from 'react-aria-components/Button';
import type { CampaignRequest } from '../../contract/campaignschemas.ts';
import { consolePages } from '../../contract/pages.ts';
import { checkData } from '../../domain/answers.ts';
import { type Passage, passages } from '../../domain/machine.ts';
import { go, PageLink, useAddress } from '../address.tsx';
import { campaignAddress } from '../campaigns/page.tsx';
import { PageFrame } from '../frame/page.tsx';
import { PagePart } from '../frame/part.tsx';
import { ProblemBox } from '../frame/problem.tsx';
import { Field, SchemaFields } from '../inbox/fields.tsx';
import { useLive } from '../live.ts';
import { countOf } from '../words.ts';
import { countMeant, planMany } from './asking.ts';
import { type Wish, WishFields, wishFor } from './fields.tsx';
import { mintOrderId } from './mint.ts';
import { paceSchema, readPace, standardPaceTexts } from './pace.ts';
import { readRequestOf } from './passages.ts';
import { anyTime, WindowFields, windowsOf } from './windowfields.tsx';

/** A birth follows from a boot, not from an order over machines that are there. */
const offered = passages.filter((one): one is CampaignRequest['passage'] => one !== 'birth');

export function OrderManyPage() {
  const live = useLive('', 'campaign');
  const selector = useAddress().searchParams.get('selector')?.trim() || 'all';
  const count = useQuery({
    queryKey: ['meant', selector],
    queryFn: ({ signal }) => countMeant(selector, signal),
    ...live,
  });
  return (
    <PageFrame title="Order for many machines">
      <PagePart title="What is to be done" query={count}>
        {(machines) => (
          <>
            <p>
              {`${countOf(machines, 'machine')} ${machines === 1 ? 'matches' : 'match'} `}
              <PageLink href={`${consolePages.fleet}?selector=${encodeURIComponent(selector)}`}>{selector}</PageLink>.
            </p>
            {machines > 0 && <ManyForm selector={selector} count={machines} />}
          </>
        )}
      </PagePart>
    </PageFrame>
  );
}

function ManyForm({ selector, count }: { readonly selector: string; readonly count: number }) {
  const [wish, setWish] = useState<Wish>(() => wishFor('reboot'));
  const [pace, setPace] = useState(standardPaceTexts);
  const [window, setWindow] = useState(anyTime);
  const [id, setId] = useState(() => mintOrderId('console'));
  const [wrong, setWrong] = useState<string | null>(null);
  const planning = useMutation({
    mutationFn: planMany,
    onSuccess: ({ campaign }) => go(campaignAddress(campaign.id)),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const request = readRequestOf(wish.passage, wish.texts);
    const problem = typeof request === 'string' ? request : checkData(paceSchema, readPace(pace));
    setWrong(problem);
    if (problem !== null || typeof request === 'string') return;
    planning.mutate({
      ...{ id: id.trim(), selector, count, request, reason: wish.reason.trim() },
      pace: { ...readPace(pace), windows: windowsOf(window) },
      passage: wish.passage as CampaignRequest['passage'],
      ...(wish.urgency !== '' && { class: wish.urgency as NonNullable<CampaignRequest['class']> }),
    });
  };
  return (
    <form className="steer" onSubmit={submit}>
      <WishFields wish={wish} passages={offered satisfies readonly Passage[]} onChange={setWish} />
      <details>
        <summary>How fast it goes</summary>
        <div className="answer-fields">
          <SchemaFields schema={paceSchema} texts={pace} onChange={setPace} />
        </div>
        <WindowFields window={window} onChange={setWindow} />
      </details>
      <div className="answer-fields">
        <Field
          title="Name of the campaign"
          field={{ type: 'string', maxLength: 40 }}
          isRequired
          text={id}
          onChange={setId}
        />
      </div>
      {wrong !== null && <p role="alert">{wrong}</p>}
      <p className="quiet">Nothing is done by planning it. The plan is shown next, and is started by its hash.</p>
      <Button type="submit" className="primary" isDisabled={planning.isPending}>
        {`Plan the ${wish.passage} of ${countOf(count, 'machine')}`}
      </Button>
      {planning.error !== null && <ProblemBox error={planning.error} />}
    </form>
  );
}
