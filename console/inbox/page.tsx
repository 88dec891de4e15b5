import { useQuery } from '@tanstack/react-query';
import { addressWith, go, useAddress } from '../address.tsx';
import { readApprovals, readQuestions } from '../client.ts';
import { PageFrame } from '../frame/page.tsx';
import { PagePart } from '../frame/part.tsx';
import { outOfDateWith, useLive } from '../live.ts';
import { countOf } from '../words.ts';
import { ApprovalList } from './approvals.tsx';
import { Question } from './question.tsx';
import { sortByUrgency } from './urgency.ts';

/** What waits for a person, most urgent first, for every team or for one. */
export function InboxPage() {
  const live = useLive();
  const address = useAddress();
  const team = address.searchParams.get('team') ?? '';
  const questions = useQuery({
    queryKey: ['questions'],
    queryFn: ({ signal }) => readQuestions(signal),
    ...outOfDateWith('question'),
    ...live,
  });
  const approvals = useQuery({
    queryKey: ['approvals'],
    queryFn: ({ signal }) => readApprovals(signal),
    ...outOfDateWith('approval'),
    ...live,
  });
  const teams = [
    ...new Set([...(questions.data ?? []).map(({ owner }) => owner), ...(team === '' ? [] : [team])]),
  ].sort();
  return (
    <PageFrame title="Inbox">
      <label>
        Team{' '}
        <select value={team} onChange={({ target }) => go(addressWith(address, { team: target.value }), 'replace')}>
          <option value="">every team</option>
          {teams.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      <PagePart title="What waits for a person" query={questions}>
        {(all) => {
          const shown = sortByUrgency(all.filter(({ owner }) => team === '' || owner === team));
          if (shown.length === 0) return <p className="empty">Nothing waits for a person.</p>;
          return (
            <>
              <p role="status">{countOf(shown.length, 'question')}</p>
              {shown.map((question) => (
                <Question key={question.id} question={question} />
              ))}
            </>
          );
        }}
      </PagePart>
      <PagePart title="What waits for a second person" query={approvals}>
        {(all) => <ApprovalList waiting={all} />}
      </PagePart>
    </PageFrame>
  );
}
