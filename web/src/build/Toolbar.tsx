/** The row above the canvas: adding, undo, the number of problems, and whether everything is saved. */
import { ActionIcon, Button, Group, Tooltip } from '@mantine/core'
import {
  IconAlertTriangle,
  IconArrowBackUp,
  IconArrowForwardUp,
  IconFlask,
  IconKeyboard,
  IconPlus,
} from '@tabler/icons-react'
import { Moment } from '../components/Moment'
import type { Saving } from './useAutosave'
import type { Builder as BuilderState } from './useBuilder'

interface ToolbarProps {
  builder: BuilderState
  errors: number
  warnings: number
  areProblemsOpen: boolean
  isNarrow: boolean
  onAdd: () => void
  onProblems: () => void
  onHelp: () => void
  onTest: () => void
}

export function Toolbar({
  builder,
  errors,
  warnings,
  areProblemsOpen,
  isNarrow,
  onAdd,
  onProblems,
  onHelp,
  onTest,
}: ToolbarProps) {
  const count = errors + warnings
  return (
    <div className="toolbar" role="toolbar" aria-label="Building">
      <Button size="xs" variant="default" leftSection={<IconPlus size={14} />} onClick={onAdd}>
        Add an action
      </Button>
      <Button size="xs" variant="default" leftSection={<IconFlask size={14} />} onClick={onTest}>
        Test
      </Button>
      <Group gap={4}>
        <Tooltip label={builder.undoLabel ? `Undo: ${builder.undoLabel}` : 'Nothing to undo'}>
          <ActionIcon
            variant="default"
            size={30}
            aria-label="Undo"
            disabled={!builder.undoLabel}
            onClick={builder.undo}
          >
            <IconArrowBackUp size={16} />
          </ActionIcon>
        </Tooltip>
        <Tooltip label={builder.redoLabel ? `Do again: ${builder.redoLabel}` : 'Nothing to do again'}>
          <ActionIcon
            variant="default"
            size={30}
            aria-label="Redo"
            disabled={!builder.redoLabel}
            onClick={builder.redo}
          >
            <IconArrowForwardUp size={16} />
          </ActionIcon>
        </Tooltip>
        {!isNarrow && (
          <Tooltip label="Keys">
            <ActionIcon variant="default" size={30} aria-label="Keys" onClick={onHelp}>
              <IconKeyboard size={16} />
            </ActionIcon>
          </Tooltip>
        )}
      </Group>
      {count > 0 && (
        <Button
          size="xs"
          variant="default"
          leftSection={
            <IconAlertTriangle size={14} color={errors > 0 ? 'var(--failed)' : 'var(--waiting)'} />
          }
          aria-expanded={areProblemsOpen}
          onClick={onProblems}
        >
          {count === 1 ? '1 problem' : `${count} problems`}
        </Button>
      )}
      <span className="toolbar-saving" role="status">
        <SavingWords saving={builder.saving} />
      </span>
    </div>
  )
}

function SavingWords({ saving }: { saving: Saving }) {
  switch (saving.state) {
    case 'unchanged':
      return null
    case 'waiting':
      return <>Saving …</>
    case 'saved':
      return (
        <>
          Saved <Moment at={new Date(saving.at).toISOString()} />
        </>
      )
    case 'stale':
      return <span style={{ color: 'var(--waiting)' }}>Not saved.</span>
    case 'failed':
      return <span style={{ color: 'var(--failed)' }}>Not saved, trying again. {saving.message}</span>
  }
}
