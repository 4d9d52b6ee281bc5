/** Rows and groups of the conditions, nested by indent. */
import { ActionIcon, Button, JsonInput, Group as Line, Select, Tooltip } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconPlus, IconX } from '@tabler/icons-react'
import { type KeyboardEvent, type ReactNode, useState } from 'react'
import { addPart, changeGroup, changePart, movePart, newRow, removePart } from '../model/conditionEdits'
import {
  GROUP_KINDS,
  type Group,
  type GroupKind,
  groupWords,
  isGroup,
  type Part,
  type Verbatim,
} from '../model/conditions'
import type { Json } from '../model/document'
import { capital } from '../model/phrase'
import { ConditionRow } from './ConditionRow'
import { useConditions } from './conditionContext'

const JOINED: Record<GroupKind, string> = { all: 'and', any: 'or', none: 'nor' }

export function PartList({
  parts,
  kind,
  prefix,
}: {
  parts: readonly Part[]
  kind: GroupKind
  prefix: string
}) {
  return (
    <ul className="condition-list">
      {parts.map((part, index) => {
        const number = `${prefix}${index + 1}`
        return (
          <li key={part.key}>
            {index > 0 && <span className="condition-and">{JOINED[kind]}</span>}
            {part.kind === 'row' ? (
              <ConditionRow row={part} number={number} />
            ) : part.kind === 'verbatim' ? (
              <WrittenPart part={part} number={number} />
            ) : (
              <GroupPart group={part} number={number} />
            )}
          </li>
        )
      })}
    </ul>
  )
}

function GroupPart({ group, number }: { group: Group; number: string }) {
  const { change } = useConditions()
  const name = `Group ${number}`
  return (
    <PartFrame part={group} name={name} className="condition-group">
      <div className="condition-group-head">
        <Select
          size="xs"
          w={110}
          aria-label={`${name}: how its parts are joined`}
          data={GROUP_KINDS.map((kind) => ({ value: kind, label: capital(groupWords(kind)) }))}
          value={group.kind}
          allowDeselect={false}
          onChange={(kind) =>
            kind && change((tree) => changePart(tree, group.key, changeGroup(kind as GroupKind)))
          }
        />
        <PartTools part={group} name={name} remove={`Remove group ${number}`} />
      </div>
      <PartList parts={group.parts} kind={group.kind} prefix={`${number}.`} />
      <AddButtons group={group.key} name={` to group ${number}`} />
    </PartFrame>
  )
}

/** What no row can show, as it is written. */
function WrittenPart({ part, number }: { part: Verbatim; number: string }) {
  const { change } = useConditions()
  const [typed, setTyped] = useState(() => JSON.stringify(part.raw, null, 2))
  const name = `Condition ${number}`
  return (
    <PartFrame part={part} name={name} className="condition">
      <div className="condition-line">
        <JsonInput
          aria-label={`${name}, as JSON`}
          autosize
          minRows={2}
          maxRows={10}
          spellCheck={false}
          styles={{ input: { fontFamily: 'ui-monospace, Menlo, Consolas, monospace', fontSize: 13 } }}
          style={{ flex: 1 }}
          value={typed}
          error={readJson(typed) === undefined ? 'This is no JSON yet.' : undefined}
          onChange={(text) => {
            setTyped(text)
            const raw = readJson(text)
            if (raw !== undefined)
              change((tree) => changePart(tree, part.key, (standing) => ({ ...standing, raw }) as Part))
          }}
        />
        <PartTools part={part} name={name} remove={`Remove condition ${number}`} />
      </div>
    </PartFrame>
  )
}

function readJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

interface FrameProps {
  part: Part
  name: string
  className: string
  children: ReactNode
}

/** What stands around every part: its name, its keys, and what is wrong with it. */
export function PartFrame({ part, name, className, children }: FrameProps) {
  const { changeAndFocus, problemsOf } = useConditions()
  const problems = problemsOf(part.key)
  const onKeyDown = (event: KeyboardEvent) => {
    if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return
    event.preventDefault()
    event.stopPropagation()
    const way = event.key === 'ArrowUp' ? 'up' : 'down'
    changeAndFocus((tree) => movePart(tree, part.key, way), part.key, `[data-move="${way}"]`)
  }
  return (
    <div
      className={className}
      data-part={part.key}
      data-problem={problems.length > 0 || undefined}
      role="group"
      aria-label={isGroup(part) ? `${name}, ${groupWords(part.kind)}` : name}
      onKeyDown={onKeyDown}
    >
      {children}
      {problems.map((problem) => (
        <p key={problem.message} className="condition-problem" role="alert">
          {problem.message}
        </p>
      ))}
    </div>
  )
}

/** Moving a part and taking it away. */
export function PartTools({ part, name, remove }: { part: Part; name: string; remove: string }) {
  const { changeAndFocus } = useConditions()
  const move = (way: 'up' | 'down') => (
    <Tooltip label={way === 'up' ? 'Move up (Alt ↑)' : 'Move down (Alt ↓)'}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={26}
        data-move={way}
        aria-label={`${name}: move ${way}`}
        onClick={() =>
          changeAndFocus((tree) => movePart(tree, part.key, way), part.key, `[data-move="${way}"]`)
        }
      >
        {way === 'up' ? (
          <IconArrowUp size={15} color="var(--ink-soft)" />
        ) : (
          <IconArrowDown size={15} color="var(--ink-soft)" />
        )}
      </ActionIcon>
    </Tooltip>
  )
  return (
    <div className="condition-tools">
      {move('up')}
      {move('down')}
      <ActionIcon
        variant="subtle"
        color="gray"
        size={26}
        aria-label={remove}
        onClick={() =>
          changeAndFocus((tree) => removePart(tree, part.key), null, ':scope > .condition-add button')
        }
      >
        <IconX size={15} color="var(--ink-soft)" />
      </ActionIcon>
    </div>
  )
}

/** Adding to a group, or to the whole. */
export function AddButtons({ group, name }: { group: string | null; name: string }) {
  const { changeAndFocus, newKey } = useConditions()
  const add = (isGroupWanted: boolean) => {
    const row = newRow(newKey())
    const part: Part = isGroupWanted ? { kind: 'any', key: newKey(), parts: [row] } : row
    changeAndFocus((tree) => addPart(tree, group, part), row.key, 'input')
  }
  return (
    <Line gap="xs" className="condition-add">
      <Button
        variant={group === null ? 'default' : 'subtle'}
        size="compact-sm"
        leftSection={<IconPlus size={14} />}
        aria-label={`Add a condition${name}`}
        onClick={() => add(false)}
      >
        Add a condition
      </Button>
      <Button
        variant={group === null ? 'default' : 'subtle'}
        size="compact-sm"
        leftSection={<IconPlus size={14} />}
        aria-label={`Add a group${name}`}
        onClick={() => add(true)}
      >
        Add a group
      </Button>
    </Line>
  )
}
