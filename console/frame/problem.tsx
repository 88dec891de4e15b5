import { Button } from 'react-aria-components/Button';
import { consolePages } from '../../contract/pages.ts';
import { PageLink } from '../address.tsx';
import { ApprovalNeeded, AskingFailed } from '../client.ts';

/** What went wrong, as the API says it, and a way to try again. */
export function ProblemBox({
  error,
  onRetry,
}: {
  readonly error: unknown;
  readonly onRetry?: (() => void) | undefined;
}) {
  if (error instanceof ApprovalNeeded)
    return (
      <div className="asked" role="status">
        <p>
          <strong>Nothing is done yet: a second person has to approve</strong>
        </p>
        <p>
          {error.asked.what}. It waits in the <PageLink href={consolePages.inbox}>inbox</PageLink>.
        </p>
      </div>
    );
  const { title, detail, code } = describeError(error);
  return (
    <div className="problem" role="alert">
      <p>
        <strong>{title}</strong>
        {code === undefined ? '' : ` (${code})`}
      </p>
      <p>{detail}</p>
      {onRetry && <Button onPress={onRetry}>Try again</Button>}
    </div>
  );
}

function describeError(error: unknown): { title: string; detail: string; code?: string | undefined } {
  if (error instanceof AskingFailed) {
    const { title = 'There was no answer', code } = error.problem;
    return { title, detail: error.message, code };
  }
  return { title: 'This part of the page failed', detail: error instanceof Error ? error.message : String(error) };
}
