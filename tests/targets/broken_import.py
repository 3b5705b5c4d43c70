"""A module that cannot be imported."""

import there_is_no_such_module

update = there_is_no_such_module.update
