/** The ways of a branch: tried in their order, each with its conditions and where it leads. */
import { ActionIcon, Button, Group, TextInput, Tooltip } from '@mantine/core'
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from '@tabler/icons-react'
import type { Action, AutomationDocument } from '../model/document'
import { entriesOf, entryPort } from '../model/edges'
import type { KnownField } from '../model/events'
import type { Operation } from '../model/operations'
import type { Problem } from '../model/problems'
import { entryWords } from '../model/sentences'
import { ActionConditions } from './ActionConditions'
import { Ways } from './Ways'

interface Props {
  list: AutomationDocument
  action: Action
  /** Where the action stands in the document. */
  pointer: string
  fields: readonly KnownField[]
  problems: readonly Problem[]
  titles: ReadonlyMap<string, string>
  act: (operation: Operation) => void
}

export function BranchFields({ list, action, pointer, fields, problems, titles, act }: Props) {
  const { id } = action
  const entries = entriesOf(action)
  const problemAt = (at: string) => problems.find((problem) => problem.pointer === pointer + at)?.message
  return (
    <>
      <ol className="entries" aria-label="Ways">
        {entries.map((entry, index) => {
          const name = `Way ${index + 1}`
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a way has no other identity than its place
            <li key={index} className="entry">
              <section aria-label={`${name}: ${entryWords(entry)}`}>
                <Group gap={4} wrap="nowrap" align="flex-end">
                  <TextInput
                    style={{ flex: 1 }}
                    label={`${name}: name`}
                    placeholder={entryWords({ when: entry.when })}
                    value={entry.name ?? ''}
                    error={problemAt(`/branches/${index}/name`)}
                    onChange={(event) =>
                      act({ kind: 'setEntry', id, entry: index, name: event.currentTarget.value })
                    }
                  />
                  <Tool
                    label={`${name}: earlier`}
                    isDisabled={index === 0}
                    onClick={() => act({ kind: 'moveEntry', id, entry: index, to: index - 1 })}
                  >
                    <IconArrowUp size={15} color="var(--ink-soft)" />
                  </Tool>
                  <Tool
                    label={`${name}: later`}
                    isDisabled={index === entries.length - 1}
                    onClick={() => act({ kind: 'moveEntry', id, entry: index, to: index + 1 })}
                  >
                    <IconArrowDown size={15} color="var(--ink-soft)" />
                  </Tool>
                  <Tool
                    label={`Remove way ${index + 1}`}
                    isDisabled={entries.length === 1}
                    onClick={() => act({ kind: 'removeEntry', id, entry: index })}
                  >
                    <IconTrash size={15} color="var(--ink-soft)" />
                  </Tool>
                </Group>
                <ActionConditions
                  title="is taken if"
                  nothing="No conditions: it is always taken."
                  raw={entry.when}
                  pointer={`${pointer}/branches/${index}/when`}
                  fields={fields}
                  problems={problems}
                  onChange={(when) => act({ kind: 'setEntry', id, entry: index, when: when ?? {} })}
                />
                <Ways
                  list={list}
                  action={action}
                  port={entryPort(index)}
                  label={`${name} leads to`}
                  nothing="Nothing: the path ends here"
                  error={problemAt(`/branches/${index}/next`)}
                  titles={titles}
                  act={act}
                />
              </section>
            </li>
          )
        })}
      </ol>
      <Button
        variant="default"
        leftSection={<IconPlus size={14} />}
        style={{ alignSelf: 'flex-start' }}
        onClick={() => act({ kind: 'addEntry', id })}
      >
        Add a way
      </Button>
      <Ways
        list={list}
        action={action}
        port="otherwise"
        label="Otherwise leads to"
        nothing="Nothing: the path ends here"
        error={problemAt('/otherwise')}
        titles={titles}
        act={act}
      />
    </>
  )
}

interface ToolProps {
  label: string
  isDisabled: boolean
  onClick: () => void
  children: React.ReactNode
}

function Tool({ label, isDisabled, onClick, children }: ToolProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={36}
        aria-label={label}
        disabled={isDisabled}
        onClick={onClick}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  )
}
