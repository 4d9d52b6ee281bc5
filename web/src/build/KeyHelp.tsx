import { Modal, Text } from '@mantine/core'

const KEYS: ReadonlyArray<[string, string]> = [
  ['/', 'Add an action after the selected one'],
  ['↑ ↓', 'Go along the edges'],
  ['← →', 'Go to the path beside'],
  ['Enter', 'Open the selected one and fill it in'],
  ['Alt ↑ ↓', 'Move the action, or the condition, earlier or later'],
  ['c', 'Connect to another action'],
  ['x', 'Disconnect from what follows'],
  ['Delete', 'Remove the action'],
  ['Ctrl Z, Ctrl Y', 'Undo, do again'],
  ['t', 'Test it on an event'],
  ['f', 'Fit the whole into view'],
  ['Escape', 'Close the panel'],
  ['Ctrl K', 'Search and commands'],
  ['?', 'Show these keys'],
]

export function KeyHelp({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={<Text fw={650}>Keys</Text>}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <dl className="keys">
        {KEYS.map(([keys, meaning]) => (
          <div key={keys} style={{ display: 'contents' }}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  )
}
