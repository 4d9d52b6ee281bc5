/** A text that may hold names in double braces: they are offered as soon as two braces are typed. */
import { Combobox, Text, Textarea, TextInput, useCombobox } from '@mantine/core'
import { createContext, type KeyboardEvent, useContext, useId, useRef, useState } from 'react'
import { typedText } from '../model/operators'
import { insertName, openName, previewText, type TemplateName } from '../model/templateNames'
import './templateText.css'

/** The names that are valid where the form stands; none outside of the builder. */
export const TemplateNames = createContext<readonly TemplateName[]>([])

const OFFERED = 40

interface Props {
  label: string
  description?: string | undefined
  error: string | undefined
  required: boolean
  readOnly: boolean
  name: string
  placeholder: string | undefined
  value: string
  isLong: boolean
  onChange: (text: string) => void
}

export function TemplateText({ isLong, value, onChange, ...common }: Props) {
  const names = useContext(TemplateNames)
  const field = useRef<HTMLInputElement & HTMLTextAreaElement>(null)
  const [caret, setCaret] = useState<number | null>(null)
  const [chosen, setChosen] = useState(0)
  const listId = useId()
  const store = useCombobox()
  const open = caret === null ? null : openName(value, caret)
  const typed = open?.typed.toLowerCase() ?? ''
  const offered = open ? names.filter(({ name }) => name.toLowerCase().includes(typed)).slice(0, OFFERED) : []
  const isOpen = offered.length > 0 && !(offered.length === 1 && offered[0]?.name === open?.typed)
  const current = Math.min(chosen, offered.length - 1)

  const take = (name: string) => {
    if (caret === null) return
    const next = insertName(value, caret, name)
    onChange(next.text)
    setCaret(null)
    requestAnimationFrame(() => field.current?.setSelectionRange(next.caret, next.caret))
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isOpen) return
    if (event.key === 'ArrowDown') setChosen((current + 1) % offered.length)
    else if (event.key === 'ArrowUp') setChosen((current - 1 + offered.length) % offered.length)
    else if (event.key === 'Enter' || event.key === 'Tab') take(offered[current]?.name ?? '')
    else if (event.key === 'Escape') setCaret(null)
    else return
    event.preventDefault()
    event.nativeEvent.stopImmediatePropagation()
  }
  const input = {
    ...common,
    ref: field,
    value,
    onKeyDown,
    onBlur: () => setCaret(null),
    onChange: (event: { currentTarget: HTMLInputElement | HTMLTextAreaElement }) => {
      setCaret(event.currentTarget.selectionStart)
      setChosen(0)
      onChange(event.currentTarget.value)
    },
    'aria-autocomplete': 'list' as const,
    ...(isOpen ? { 'aria-controls': listId, 'aria-activedescendant': `${listId}-${current}` } : {}),
  }
  const preview = previewText(value, names)
  return (
    <div>
      <Combobox store={store} withinPortal={false} onOptionSubmit={take}>
        <Combobox.DropdownTarget>
          {isLong ? <Textarea {...input} autosize minRows={3} maxRows={14} /> : <TextInput {...input} />}
        </Combobox.DropdownTarget>
        {isOpen && (
          <div className="template-names">
            <Combobox.Options id={listId} aria-label={`Names for ${common.label}`}>
              {offered.map(({ name, sample }, index) => (
                <Combobox.Option
                  key={name}
                  id={`${listId}-${index}`}
                  value={name}
                  selected={index === current}
                  aria-selected={index === current}
                  onMouseDown={(event) => event.preventDefault()}
                >
                  <span className="template-name">{name}</span>
                  {sample !== undefined && sample !== null && (
                    <span className="template-sample" title={typedText(sample)}>
                      {typedText(sample)}
                    </span>
                  )}
                </Combobox.Option>
              ))}
            </Combobox.Options>
          </div>
        )}
      </Combobox>
      {preview !== null && (
        <Text size="xs" c="dimmed" mt={4} className="template-preview">
          As in a recent event: {preview}
        </Text>
      )}
    </div>
  )
}
