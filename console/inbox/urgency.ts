import type { HumanStepView } from '../../contract/api.ts';

/** Most urgent first: what is wanted soonest, then what was asked first. Pure. */
export function sortByUrgency(questions: readonly HumanStepView[]): HumanStepView[] {
  const rank = ({ deadlineAt }: HumanStepView) =>
    deadlineAt === null ? Number.POSITIVE_INFINITY : Date.parse(deadlineAt);
  return questions.toSorted((one, other) => {
    const [a, b] = [rank(one), rank(other)];
    return a === b ? one.openedAt.localeCompare(other.openedAt) : a - b;
  });
}
