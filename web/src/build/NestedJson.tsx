/** A value as JSON, where nothing else can show it; it reaches the document whenever it can be read. */
import { JsonInput } from '@mantine/core'
import { useState } from 'react'
import type { Json } from '../model/document'

interface Props {
  label: string
  value: Json
  error: string | undefined
  onChange: (value: Json) => void
}

export function NestedJson({ label, value, error, onChange }: Props) {
  const [typed, setTyped] = useState(() => JSON.stringify(value, null, 2))
  return (
    <JsonInput
      label={label}
      autosize
      minRows={2}
      maxRows={12}
      spellCheck={false}
      styles={{ input: { fontFamily: 'ui-monospace, Menlo, Consolas, monospace', fontSize: 13 } }}
      value={typed}
      error={parse(typed) === undefined ? 'This is no JSON yet.' : error}
      onChange={(text) => {
        setTyped(text)
        const parsed = parse(text)
        if (parsed !== undefined) onChange(parsed)
      }}
    />
  )
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}
