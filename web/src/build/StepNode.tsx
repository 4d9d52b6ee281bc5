import { IconAlertTriangle, IconFilter, IconPlus } from '@tabler/icons-react'
import { Handle, type Node, type NodeProps, Position } from '@xyflow/react'
import { memo } from 'react'
import { PhraseText } from '../components/PhraseText'
import { StateBadge } from '../components/StateBadge'
import { TRIGGER } from '../model/document'
import type { Port } from '../model/edges'
import { type Phrase, plain } from '../model/phrase'
import type { Light } from '../model/runs'
import { ActionIconOf, TriggerIcon } from './icons'
import type { Place } from './StepEdge'

/** A way out, as it is drawn at the foot of a node. */
export interface DrawnPort {
  port: Port
  /** Where along the foot, from 0 to 1. */
  at: number
  /** What it is called; nothing for the usual way. */
  words: string | undefined
  /** Whether nothing follows there yet. */
  isFree: boolean
}

export type DrawnNode = Node<
  {
    type: string
    title: string
    phrase: Phrase
    /** The conditions under which the step is performed. */
    when: Phrase | null
    light: Light | null
    /** How far a loop came. */
    progress: string | undefined
    isLit: boolean
    isSelected: boolean
    isEditable: boolean
    problems: number
    ports: readonly DrawnPort[]
    onSelect: (id: string) => void
    onAdd?: (place: Place) => void
  },
  'step'
>

function problemWords(count: number): string {
  return count === 1 ? '1 problem' : `${count} problems`
}

const isAside = (port: Port): boolean => port === 'error' || port === 'timeout'

export const StepNode = memo(function StepNode({ id, data }: NodeProps<DrawnNode>) {
  const isTrigger = id === TRIGGER
  const name = isTrigger ? 'the trigger' : data.title
  return (
    <>
      {!isTrigger && <Handle type="target" position={Position.Top} isConnectable={data.isEditable} />}
      <button
        type="button"
        className="node"
        data-node={id}
        data-selected={data.isSelected || undefined}
        data-light={data.isLit ? data.light : undefined}
        data-problem={data.problems > 0 || undefined}
        aria-pressed={data.isSelected}
        onFocus={(event) => event.currentTarget.matches(':focus-visible') && data.onSelect(id)}
      >
        <span className="node-icon" data-trigger={isTrigger || undefined}>
          {isTrigger ? <TriggerIcon size={18} aria-hidden /> : <ActionIconOf type={data.type} />}
        </span>
        <span className="node-words">
          <span className="node-title" title={data.title}>
            {data.title}
          </span>
          {data.when && (
            <span className="node-when" title={plain(data.when)}>
              <IconFilter size={12} aria-hidden style={{ flex: 'none' }} />
              <span>
                <PhraseText phrase={data.when} />
              </span>
            </span>
          )}
          <span className="node-sentence" title={plain(data.phrase)}>
            <PhraseText phrase={data.phrase} />
          </span>
          {data.isLit && data.light && (
            <span className="node-light">
              <StateBadge state={data.light} />
              {data.progress && <span className="node-progress">{data.progress}</span>}
            </span>
          )}
          {data.problems > 0 && (
            <span className="node-problem">
              <IconAlertTriangle size={14} aria-hidden />
              {problemWords(data.problems)}
            </span>
          )}
        </span>
      </button>
      {data.ports.map(({ port, at, words }) => (
        <Handle
          key={port}
          id={port}
          type="source"
          position={Position.Bottom}
          className={isAside(port) ? `port-aside port-${port}` : undefined}
          style={{ left: `${at * 100}%` }}
          title={words}
          isConnectable={data.isEditable}
        />
      ))}
      {data.onAdd &&
        data.ports
          .filter(({ port, isFree }) => isFree && !isAside(port))
          .map(({ port, at, words }) => (
            <span key={port} className="node-add-place nodrag nopan" style={{ left: `${at * 100}%` }}>
              {words && (
                <span className="edge-label" title={words}>
                  {words}
                </span>
              )}
              <button
                type="button"
                className="node-add"
                aria-label={words ? `Add an action after ${name}: ${words}` : `Add an action after ${name}`}
                onClick={(event) => {
                  event.stopPropagation()
                  data.onAdd?.(isTrigger ? { after: id } : { after: id, port })
                }}
              >
                <IconPlus size={15} aria-hidden />
              </button>
            </span>
          ))}
    </>
  )
})
