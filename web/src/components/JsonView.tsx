/** A JSON value to read: collapsible, and copied as it stands. */
import { ActionIcon, CopyButton, Tooltip } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import { isObject } from '../model/document'
import './state.css'

const OPEN_DEPTH = 2
const SHOWN = 200

export function JsonView({ value, label }: { value: unknown; label: string }) {
  return (
    <section className="json" aria-label={label}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard */}
      <div className="json-scroll" tabIndex={0} role="group" aria-label={`${label}, as JSON`}>
        <Value value={value} depth={0} />
      </div>
      <div className="json-copy">
        <CopyButton value={typeof value === 'string' ? value : JSON.stringify(value, null, 2)}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? 'Copied' : 'Copy'}>
              <ActionIcon
                variant="default"
                size="md"
                onClick={copy}
                aria-label={copied ? `${label} copied` : `Copy ${label.toLowerCase()}`}
              >
                {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      </div>
    </section>
  )
}

function Value({ value, depth, name }: { value: unknown; depth: number; name?: string }) {
  const key = name === undefined ? null : <span className="json-key">{name}: </span>
  if (Array.isArray(value) || isObject(value)) {
    const entries = Array.isArray(value)
      ? value.map((item, index) => [String(index), item])
      : Object.entries(value)
    const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
    if (entries.length === 0)
      return (
        <div>
          {key}
          {`${open}${close}`}
        </div>
      )
    return (
      <details open={depth < OPEN_DEPTH}>
        <summary>
          {key}
          {open}{' '}
          <span className="json-key">{entries.length === 1 ? '1 entry' : `${entries.length} entries`}</span>
        </summary>
        <div className="json-children">
          {entries.slice(0, SHOWN).map(([inner, item]) => (
            <Value key={String(inner)} name={String(inner)} value={item} depth={depth + 1} />
          ))}
          {entries.length > SHOWN && (
            <div className="json-key">… {entries.length - SHOWN} more; copy to see all</div>
          )}
        </div>
        {close}
      </details>
    )
  }
  return (
    <div>
      {key}
      <Scalar value={value} />
    </div>
  )
}

function Scalar({ value }: { value: unknown }) {
  if (typeof value === 'string') return <span className="json-text">{JSON.stringify(value)}</span>
  if (typeof value === 'number') return <span className="json-number">{String(value)}</span>
  return <span className="json-word">{String(value)}</span>
}
