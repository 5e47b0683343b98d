#!/bin/sh
# Whether the step `personalize` has certainly nothing to run, and the sentence for that. Sets no variable.
# Arguments of is_idle: those of the step.

is_idle() {
  [ "$1" = uri= ] && [ ! -e "$HOME/personalize" ] && [ ! -L "$HOME/personalize" ]
}

print_idle_reason() {
  printf 'no dotfiles are set and there is no ~/personalize'
}
