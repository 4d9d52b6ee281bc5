/** A type of event: any can be typed, known ones are offered; where several may be meant, patterns such as `case.*` too. */
import { Autocomplete } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useMemo } from 'react'
import { queries } from '../api/queries'
import { offeredFor } from '../forms/offered'
import { patternsOf } from '../model/events'
import { eventPhrase } from '../model/sentences'

interface Props {
  value: string
  onChange: (event: string) => void
  error?: string | undefined
  label?: string
  /** Whether a pattern may stand here. */
  takesPatterns?: boolean
  isRequired?: boolean
  rightSection?: ReactNode
}

export function EventField({
  value,
  onChange,
  error,
  label = 'What starts it',
  takesPatterns = false,
  isRequired = true,
  rightSection,
}: Props) {
  const known = useQuery(queries.eventTypes())
  const types = useMemo(() => {
    const names = (known.data ?? []).map(({ type }) => type)
    return takesPatterns ? [...names, ...patternsOf(names), '*'] : names
  }, [known.data, takesPatterns])
  return (
    <Autocomplete
      label={label}
      rightSection={rightSection}
      description={value ? `When ${eventPhrase(value)}` : 'The type of an event, such as case.created'}
      placeholder="case.created"
      data={types}
      value={value}
      onChange={(event) => onChange(event.trim())}
      error={error}
      filter={offeredFor}
      limit={60}
      maxDropdownHeight={320}
      autoComplete="off"
      spellCheck={false}
      required={isRequired}
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
