/** What a loop goes through, and what it does for each item: a list of actions with the same panel. */
import { NumberInput, Text } from '@mantine/core'
import { JsonField } from '../forms/SchemaForm'
import { TemplateText } from '../forms/TemplateText'
import { type Action, innerActions, type Json } from '../model/document'
import type { Operation } from '../model/operations'
import { ListBuilder } from './ListBuilder'
import type { Place } from './StepEdge'

interface Props {
  action: Action
  found: ReadonlyMap<string, string>
  titles: ReadonlyMap<string, string>
  /** How many problems each action has. */
  problems: ReadonlyMap<string, number>
  act: (operation: Operation) => void
  onSelect: (id: string) => void
  onAdd: (place: Place) => void
}

const NUMBERS = [
  { name: 'max', label: 'At most so many items', fallback: 1000, most: 10_000 },
  { name: 'at_once', label: 'Items under way side by side', fallback: 1, most: 50 },
] as const

export function LoopFields({ action, found, titles, problems, act, onSelect, onAdd }: Props) {
  const { id, items } = action
  const set = (name: string, value: Json | undefined) => act({ kind: 'setField', id, name, value })
  return (
    <>
      {Array.isArray(items) ? (
        <JsonField
          label="Items"
          required
          readOnly={false}
          value={items as Json}
          error={found.get('items')}
          onChange={(value) => set('items', value)}
        />
      ) : (
        <TemplateText
          label="Items"
          description="A list of the record, such as record.contacts, or one name in double braces."
          error={found.get('items')}
          required
          readOnly={false}
          name="items"
          placeholder="record.contacts"
          value={typeof items === 'string' ? items : ''}
          isLong={false}
          onChange={(text) => set('items', text)}
        />
      )}
      <section aria-label="For each item" className="loop-list">
        <Text size="sm" fw={600}>
          For each item
        </Text>
        {found.get('actions') && (
          <Text size="sm" c="var(--failed)" role="alert">
            {found.get('actions')}
          </Text>
        )}
        <ListBuilder
          document={{ name: '', actions: innerActions(action) }}
          within={id}
          titles={titles}
          problems={problems}
          onSelect={onSelect}
          onAdd={onAdd}
        />
      </section>
      {NUMBERS.map(({ name, label, fallback, most }) => (
        <NumberInput
          key={name}
          label={label}
          min={1}
          max={most}
          placeholder={String(fallback)}
          error={found.get(name)}
          value={typeof action[name] === 'number' ? (action[name] as number) : ''}
          onChange={(typed) => set(name, typeof typed === 'number' ? typed : undefined)}
        />
      ))}
    </>
  )
}
