import { IconAlertTriangle, IconPlus } from '@tabler/icons-react'
import { Handle, type Node, type NodeProps, Position } from '@xyflow/react'
import { memo } from 'react'
import { PhraseText } from '../components/PhraseText'
import { StateBadge } from '../components/StateBadge'
import { TRIGGER } from '../model/document'
import { type Phrase, plain } from '../model/phrase'
import type { StepStatus } from '../model/runs'
import { ActionIconOf, TriggerIcon } from './icons'

export type DrawnNode = Node<
  {
    type: string
    title: string
    phrase: Phrase
    light: StepStatus | null
    isLit: boolean
    isSelected: boolean
    isEditable: boolean
    problems: number
    onSelect: (id: string) => void
    /** Present on the last node of a chain. */
    onAdd?: (after: string) => void
  },
  'step'
>

function problemWords(count: number): string {
  return count === 1 ? '1 problem' : `${count} problems`
}

export const StepNode = memo(function StepNode({ id, data }: NodeProps<DrawnNode>) {
  const isTrigger = id === TRIGGER
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
          <span className="node-sentence" title={plain(data.phrase)}>
            <PhraseText phrase={data.phrase} />
          </span>
          {data.isLit && data.light && <StateBadge state={data.light} />}
          {data.problems > 0 && (
            <span className="node-problem">
              <IconAlertTriangle size={14} aria-hidden />
              {problemWords(data.problems)}
            </span>
          )}
        </span>
      </button>
      <Handle type="source" position={Position.Bottom} isConnectable={data.isEditable} />
      {data.onAdd && (
        <button
          type="button"
          className="node-add nodrag nopan"
          aria-label={`Add an action after ${isTrigger ? 'the trigger' : data.title}`}
          onClick={(event) => {
            event.stopPropagation()
            data.onAdd?.(id)
          }}
        >
          <IconPlus size={15} aria-hidden />
        </button>
      )}
    </>
  )
})
