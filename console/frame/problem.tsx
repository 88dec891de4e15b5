import { Button } from 'react-aria-components/Button';
import { AskingFailed } from '../client.ts';

/** What went wrong, as the API says it, and a way to try again. */
export function ProblemBox({
  error,
  onRetry,
}: {
  readonly error: unknown;
  readonly onRetry?: (() => void) | undefined;
}) {
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
