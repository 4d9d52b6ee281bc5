/** A dialog to find one thing by typing and take it with Enter: the command palette, adding an action, connecting. */
import { Modal, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { type KeyboardEvent, type ReactNode, useEffect, useId, useMemo, useRef, useState } from 'react'
import './picker.css'

export interface Pickable {
  id: string
  label: string
  hint?: string | undefined
  group?: string
  icon?: ReactNode
  /** More words that find it. */
  words?: string
}

interface Props {
  opened: boolean
  title: string
  placeholder: string
  items: readonly Pickable[]
  onPick: (id: string) => void
  onClose: () => void
  nothing?: string
}

export function Picker({ opened, onClose, title, ...rest }: Props) {
  return (
    <Modal.Root opened={opened} onClose={onClose} size={560} yOffset="12vh">
      <Modal.Overlay />
      <Modal.Content aria-label={title}>
        <Modal.Body p={0}>
          <PickerBody title={title} onClose={onClose} {...rest} />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  )
}

function PickerBody({
  title,
  placeholder,
  items,
  onPick,
  onClose,
  nothing = 'Nothing of that name.',
}: Omit<Props, 'opened'>) {
  const [search, setSearch] = useState('')
  const [chosen, setChosen] = useState(0)
  const list = useRef<HTMLDivElement>(null)
  const listId = useId()
  const found = useMemo(() => matching(items, search), [items, search])
  const current = Math.min(chosen, found.length - 1)
  // Enter may come before the list has: it is taken then.
  const [isAwaited, setAwaited] = useState(false)

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  })

  const take = (item: Pickable | undefined) => {
    if (!item) return
    onClose()
    onPick(item.id)
  }
  useEffect(() => {
    if (!isAwaited || items.length === 0) return
    setAwaited(false)
    take(found[current])
  })
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setChosen((current + 1) % Math.max(found.length, 1))
    else if (event.key === 'ArrowUp') setChosen((current - 1 + found.length) % Math.max(found.length, 1))
    else if (event.key === 'Enter' && items.length === 0) setAwaited(true)
    else if (event.key === 'Enter') take(found[current])
    else return
    event.preventDefault()
  }

  return (
    <div className="picker">
      <TextInput
        data-autofocus
        role="combobox"
        aria-expanded
        aria-controls={listId}
        aria-activedescendant={found[current] ? `${listId}-${current}` : undefined}
        aria-label={title}
        autoComplete="off"
        variant="unstyled"
        size="md"
        placeholder={placeholder}
        leftSection={<IconSearch size={16} aria-hidden />}
        value={search}
        onChange={(event) => {
          setSearch(event.currentTarget.value)
          setChosen(0)
          setAwaited(false)
        }}
        onKeyDown={onKeyDown}
      />
      <div className="picker-list" role="listbox" id={listId} aria-label={title} ref={list}>
        {found.map((item, index) => (
          <PickerItem
            key={item.id}
            item={item}
            id={`${listId}-${index}`}
            isChosen={index === current}
            heading={item.group !== found[index - 1]?.group ? item.group : undefined}
            onTake={() => take(item)}
          />
        ))}
      </div>
      {found.length === 0 && <p className="picker-nothing">{nothing}</p>}
    </div>
  )
}

interface ItemProps {
  item: Pickable
  id: string
  isChosen: boolean
  heading: string | undefined
  onTake: () => void
}

function PickerItem({ item, id, isChosen, heading, onTake }: ItemProps) {
  return (
    <>
      {heading && (
        <div className="picker-group" role="presentation">
          {heading}
        </div>
      )}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the field above takes the keys for the whole list */}
      <div
        className="picker-item"
        role="option"
        tabIndex={-1}
        aria-selected={isChosen}
        id={id}
        onClick={onTake}
      >
        {item.icon && <span className="picker-icon">{item.icon}</span>}
        <span className="picker-words">
          <span className="picker-label" title={item.label}>
            {item.label}
          </span>
          {item.hint && (
            <span className="picker-hint" title={item.hint}>
              {item.hint}
            </span>
          )}
        </span>
      </div>
    </>
  )
}

/** The items in which every typed word occurs; those whose label begins with it come first. */
function matching(items: readonly Pickable[], search: string): Pickable[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return [...items]
  const found = items.filter((item) => {
    const text = `${item.label} ${item.hint ?? ''} ${item.words ?? ''}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
  const begins = (item: Pickable) => Number(item.label.toLowerCase().startsWith(words[0] ?? ''))
  return found.sort((one, other) => begins(other) - begins(one))
}
