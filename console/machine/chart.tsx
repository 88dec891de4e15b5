import { useEffect, useId, useRef } from 'react';
import UPlot from 'uplot';
import { formatTime } from '../time.ts';

interface ChartSpec {
  readonly title: string;
  readonly unit: string;
  /** In the order of their times, in milliseconds since 1970. */
  readonly points: readonly { readonly at: number; readonly value: number }[];
}

const height = 180;

/** A value over time; what can be seen of it is said in words too. */
export function Chart({ title, unit, points }: ChartSpec) {
  const id = useId();
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (frame.current === null) return;
    return draw(frame.current, unit, points);
  }, [unit, points]);
  const values = points.map(({ value }) => value);
  const [first, last] = [points[0], points.at(-1)];
  return (
    <figure className="chart" aria-labelledby={id}>
      <div ref={frame} aria-hidden="true" />
      {first && last && (
        <figcaption id={id} className="quiet">
          {`${title}: between ${Math.round(Math.min(...values))} and ${Math.round(Math.max(...values))} ${unit} from ${formatTime(first.at)} to ${formatTime(last.at)}, ${Math.round(last.value)} ${unit} at last.`}
        </figcaption>
      )}
    </figure>
  );
}

/** Draws in the colours of the page, as wide as there is room; the answer takes it away again. */
function draw(frame: HTMLElement, unit: string, points: ChartSpec['points']): () => void {
  // A canvas knows no colours of a style sheet: they are read at each drawing.
  const ink = () => getComputedStyle(frame).color;
  const line = () => getComputedStyle(frame).borderTopColor;
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  const plot = new UPlot(
    {
      ...{ width: Math.max(200, frame.clientWidth), height },
      legend: { show: false },
      scales: { y: { range: (_plot, min, max) => [Math.min(0, min), Math.max(1, max * 1.1)] } },
      series: [{}, { stroke: () => getComputedStyle(frame).outlineColor, width: 2, points: { size: 4 } }],
      axes: [axis, { ...axis, size: 70, values: (_plot, splits) => splits.map((value) => `${value} ${unit}`) }],
    },
    [points.map(({ at }) => at / 1000), points.map(({ value }) => value)],
    frame,
  );
  const redraw = () => plot.redraw(false);
  const size = new ResizeObserver(() => plot.setSize({ width: Math.max(200, frame.clientWidth), height }));
  size.observe(frame);
  const theme = new MutationObserver(redraw);
  theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', redraw);
  return () => {
    size.disconnect();
    theme.disconnect();
    dark.removeEventListener('change', redraw);
    plot.destroy();
  };
}
