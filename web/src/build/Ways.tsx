/** Where an action leads by one of its ways out: one action, or several side by side. */
import { ActionIcon, Button, Select, Tooltip } from '@mantine/core'
import { IconPlus, IconX } from '@tabler/icons-react'
import { useState } from 'react'
import type { Action, AutomationDocument } from '../model/document'
import { type Port, targetsAt } from '../model/edges'
import type { Operation } from '../model/operations'
import { actionName } from '../model/sentences'

interface Props {
  /** The list that the action stands in. */
  list: AutomationDocument
  action: Action
  port: Port
  label: string
  /** What is chosen where it leads nowhere. */
  nothing: string
  /** Whether several may begin side by side. */
  isMany?: boolean
  error?: string | undefined
  titles: ReadonlyMap<string, string>
  act: (operation: Operation) => void
}

const NOTHING = '$end'

export function Ways({ list, action, port, label, nothing, isMany = false, error, titles, act }: Props) {
  const [isAdding, setAdding] = useState(false)
  const targets = targetsAt(list, list.actions.indexOf(action), port)
  const others = withNumbers(
    list.actions
      .filter((other) => other.id !== action.id)
      .map((other) => ({ value: other.id, label: actionName(other, titles) })),
  )
  const lead = (next: string[]) => act({ kind: 'lead', source: action.id, port, targets: next })
  const shown = targets.length === 0 ? [NOTHING] : targets
  return (
    <div className="ways">
      {shown.map((target, index) => (
        <div className="way" key={target}>
          <Select
            style={{ flex: 1 }}
            label={index === 0 ? label : `and side by side to (${index + 1})`}
            data={[
              ...others.filter(({ value }) => value === target || !targets.includes(value)),
              ...(index === 0 && targets.length < 2 ? [{ value: NOTHING, label: nothing }] : []),
            ]}
            value={target}
            error={index === 0 ? error : undefined}
            allowDeselect={false}
            onChange={(chosen) => {
              if (chosen === null || chosen === target) return
              if (chosen === NOTHING) lead([])
              else lead(targets.length === 0 ? [chosen] : targets.map((id) => (id === target ? chosen : id)))
            }}
          />
          {targets.length > 1 && (
            <Tooltip label="Do not lead there">
              <ActionIcon
                variant="subtle"
                color="gray"
                size={36}
                aria-label={`Do not lead to ${others.find(({ value }) => value === target)?.label ?? target}`}
                onClick={() => lead(targets.filter((id) => id !== target))}
              >
                <IconX size={15} color="var(--ink-soft)" />
              </ActionIcon>
            </Tooltip>
          )}
        </div>
      ))}
      {isMany && isAdding && (
        <Select
          autoFocus
          label={`and side by side to (${shown.length + 1})`}
          placeholder="Choose an action"
          data={others.filter(({ value }) => !targets.includes(value))}
          value={null}
          onBlur={() => setAdding(false)}
          onChange={(chosen) => {
            setAdding(false)
            if (chosen) lead([...targets, chosen])
          }}
        />
      )}
      {isMany && !isAdding && targets.length > 0 && others.length > targets.length && (
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<IconPlus size={14} />}
          onClick={() => setAdding(true)}
        >
          Lead to another one side by side
        </Button>
      )}
    </div>
  )
}

/** Options of one name get a number, to be told apart. */
function withNumbers(options: Array<{ value: string; label: string }>) {
  const seen = new Map<string, number>()
  return options.map((option) => {
    const count = (seen.get(option.label) ?? 0) + 1
    seen.set(option.label, count)
    return count === 1 ? option : { ...option, label: `${option.label} (${count})` }
  })
}
