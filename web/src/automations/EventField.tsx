/** Which event starts an automation: any type can be typed, known ones are offered. */
import { Autocomplete } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { queries } from '../api/queries'
import { offeredFor } from '../forms/offered'
import { eventPhrase } from '../model/sentences'

interface Props {
  value: string
  onChange: (event: string) => void
  error?: string | undefined
  label?: string
}

export function EventField({ value, onChange, error, label = 'What starts it' }: Props) {
  const types = useQuery(queries.eventTypes())
  return (
    <Autocomplete
      label={label}
      description={value ? `When ${eventPhrase(value)}` : 'The type of an event, such as case.created'}
      placeholder="case.created"
      data={(types.data ?? []).map((type) => type.type)}
      value={value}
      onChange={(event) => onChange(event.trim())}
      error={error}
      filter={offeredFor}
      limit={20}
      autoComplete="off"
      spellCheck={false}
      required
      renderOption={({ option }) => (
        <span>
          <b>{option.value}</b>
          <br />
          <span style={{ color: 'var(--ink-soft)', fontSize: 12.5 }}>When {eventPhrase(option.value)}</span>
        </span>
      )}
    />
  )
}
