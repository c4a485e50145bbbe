import type { KeyboardEvent } from 'react';
import type { MapNode } from '../../../../src/server/api-types.ts';
import { visible } from '../../format.ts';
import { Cord, cordOfHold } from '../../parts/cord.tsx';
import type { Point } from '../../parts/graph-layout.ts';
import { layerNames } from '../../parts/layer.tsx';
import { textWidth } from '../../parts/text-width.ts';
import { holdWords } from '../../parts/words.tsx';

export const nodeHeight = 46;
const longest = 18;
const cordWidth = 24;

export function nodeWidth(node: MapNode): number {
  const words = Math.max(textWidth(visible(node.label, longest), 14, 600), textWidth(noteOf(node), 11.5));
  return Math.max(76, Math.ceil(words) + 24 + (node.holds.length > 0 ? cordWidth + 10 : 0));
}

interface NodeMarkProps {
  readonly node: MapNode;
  readonly at: Point | undefined;
  readonly selected: boolean;
  readonly tabStop: boolean;
  readonly focus: () => void;
  readonly select: () => void;
}

export function NodeMark({ node, at, selected, tabStop, focus, select }: NodeMarkProps) {
  if (at === undefined) return null;
  const width = nodeWidth(node);
  const x = at.x - width / 2;
  const y = at.y - nodeHeight / 2;
  const label = visible(node.label, longest);
  const alarming = node.openIncident !== null;
  const around = node.holds.some(({ hold }) => hold === 'bypassable');
  const note = noteOf(node);
  const keys = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    select();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: SVG has no button
    <g
      className={`node kind-${node.kind}${selected ? ' selected' : ''}${alarming || around ? ' alarming' : ''} state-${node.state}`}
      role="button"
      tabIndex={tabStop ? 0 : -1}
      aria-pressed={selected}
      aria-label={spoken(node)}
      data-node={node.id}
      onClick={select}
      onFocus={focus}
      onKeyDown={keys}
    >
      <rect x={x} y={y} width={width} height={nodeHeight} rx={7} />
      <text>
        <tspan className="node-name" x={x + 11} y={at.y + (note === '' ? 5 : -2)}>
          {label}
        </tspan>{' '}
        <tspan className="node-note" x={x + 11} y={at.y + 14}>
          {note}
        </tspan>
      </text>
      {node.holds.map(({ layer, hold }, index) => (
        <Cord
          key={layer}
          layer={layer}
          state={cordOfHold(hold)}
          x={x + width - 11 - cordWidth}
          y={at.y - 9 + index * 9}
          width={cordWidth}
          plain
        />
      ))}
    </g>
  );
}

function noteOf(node: MapNode): string {
  if (node.openIncident !== null) return node.openIncident;
  if (node.kind === 'public') return 'the public';
  if (node.kind === 'outside') return 'outside';
  if (node.kind === 'gateway' && node.state === 'running') return 'our edge';
  if (node.state !== 'running') return node.state;
  return node.contract === null ? 'no contract' : `v${node.contract.version}, ${node.workloads}×`;
}

function spoken(node: MapNode): string {
  const holds = node.holds.map(({ layer, hold }) => `${layerNames[layer]} ${holdWords[hold].text}`).join(', ');
  // Begins with the words that are seen, so that who speaks to the page can say them (WCAG 2.5.3).
  return `${visible(node.label, longest)} ${noteOf(node)}${holds === '' ? '' : `; ${holds}`}`;
}
