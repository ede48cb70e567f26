"""``--body`` and ``--set``: the body of a call as JSON, by Frontegg's own names.

Both are merged into one document, which is decoded strictly: a field that the operation does not
have is a mistake in the document, and would otherwise be dropped in silence.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

import click
import msgspec

from ..._core.json_text import decode_json
from ..._core.secret import concealed, is_secret, without_frames
from ...operation import Operation
from .hints import arms_of, is_list, is_object, item_of, present, struct_of
from .options import flag_of, has_option
from .signatures import Parameter

_STDIN: Final = "-"
_NO_SECRETS: Final = "Secrets do not belong on a command line, which others can see."
_JSON: Final = msgspec.json.Decoder()


class Document(msgspec.Struct, frozen=True):
    """The document of a command, given by ``--body`` and ``--set``.

    Args:
        operation: the operation that is called.
        parameters: all parameters of its coroutine.
    """

    operation: Operation[Any]
    parameters: tuple[Parameter, ...]

    def options(self) -> list[click.Option]:
        """Return ``--body`` and ``--set``, as far as the operation can take them."""
        fields = self._fields
        secrets = [name for name, each in fields.items() if each.secret]
        others = [name for name, each in fields.items() if not (each.secret or has_option(each))]
        found: list[click.Option] = []
        if self._whole is not None or fields:
            text = "The body as JSON, with the names in Frontegg's documentation."
            if others:
                text += f" Here or in --set, without an option of its own: {', '.join(others)}."
            if secrets:
                text += f" Here only, being secret: {', '.join(secrets)}."
            found.append(
                click.Option(
                    ["--body"],
                    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
                    metavar="FILE|-",
                    help=text,
                )
            )
        if self._takes_settings:
            found.append(
                click.Option(
                    ["settings", "--set"],
                    multiple=True,
                    metavar="FIELD=VALUE",
                    help="One field of the body, or with a.b=1 a field within it. A VALUE that is "
                    "not JSON is a string. Overrides --body. Repeatable.",
                )
            )
        return found

    def arguments(
        self, body: str | None, settings: Sequence[str], given: Iterable[str]
    ) -> dict[str, Any]:
        """Return the values in the document by parameter of the coroutine, secrets wrapped.

        Args:
            body: file of the document, "-" for stdin, None if there is none.
            settings: single fields of it.
            given: parameters with a value from their own options, which override the document.

        Raises:
            click.UsageError: the operation cannot take the document.
        """
        if body is None and not settings:
            return {}
        try:
            found = self._arguments(body, settings, given)
        except click.UsageError as error:
            # Raised below, where no variable of a frame holds the document.
            refused = without_frames(error)
        else:
            # Inside free-form objects such as metadata, names do not mark secrets.
            return {
                name: concealed(name, value) if is_secret(name) else value
                for name, value in found.items()
            }
        raise refused

    def _arguments(
        self, body: str | None, settings: Sequence[str], given: Iterable[str]
    ) -> dict[str, Any]:
        document: Any = {} if body is None else _read(body)
        if settings:
            document = self._with(settings, document, frozenset(given))
        whole = self._whole
        if whole is not None:
            return {whole.name: self._decoded(document, whole)}
        if not isinstance(document, dict):
            raise self._error("takes a JSON object as its body")
        fields = self._fields
        values = cast("dict[str, Any]", document)
        self._check_known("", values, fields)
        found = {
            fields[name].name: self._decoded(value, fields[name], name)
            for name, value in values.items()
        }
        return {name: value for name, value in found.items() if name not in given}

    def refused_option(self, flag: str) -> click.UsageError | None:
        """Return the error for an option that names a secret, None for any other flag."""
        secrets = {flag_of(each): name for name, each in self._fields.items() if each.secret}
        name = secrets.get(flag)
        return None if name is None else self._error(f"takes {name} in --body only. {_NO_SECRETS}")

    def missing(self, parameter: Parameter) -> click.UsageError:
        """Return the error for a required parameter that was not given."""
        name = parameter.document_name
        if parameter.whole:
            fieldwise = ", or field by field with --set" if self._takes_settings else ""
            return self._error(f"needs a body: give it with --body{fieldwise}")
        if name is None:
            return self._error(f"needs {flag_of(parameter)}")
        if parameter.secret:
            return self._error(f"needs {name}: give it in --body. {_NO_SECRETS}")
        option = f"with {flag_of(parameter)}, or " if has_option(parameter) else ""
        return self._error(f"needs {name}: give it {option}in --body or --set")

    @property
    def _whole(self) -> Parameter | None:
        return next((each for each in self.parameters if each.whole), None)

    @property
    def _fields(self) -> dict[str, Parameter]:
        """The parameters that are fields of the document, by their names in it."""
        return {name: each for each in self.parameters if (name := each.document_name) is not None}

    @property
    def _takes_settings(self) -> bool:
        """True if there is a field that --set may set."""
        if self._whole is not None:
            return not is_list(self._whole.hint)
        return any(not each.secret for each in self._fields.values())

    def _with(self, settings: Sequence[str], document: Any, given: frozenset[str]) -> Any:
        """Return the document with the fields of ``--set`` put into it."""
        if not isinstance(document, dict):
            raise self._error("gets a --body that is no JSON object, which --set cannot change")
        merged = cast("dict[str, Any]", document)
        for text in settings:
            path, value = self._setting(text)
            self._refuse_secrets(path, value)
            parameter = self._fields.get(path[0])
            if parameter is not None and parameter.name in given:
                raise self._error(
                    f"gets {path[0]} from {flag_of(parameter)} and from --set: give one"
                )
            target = merged
            for name in path[:-1]:
                inner = target.setdefault(name, {})
                if not isinstance(inner, dict):
                    raise self._error(f"gets {'.'.join(path)} from --set, but {name} is no object")
                target = cast("dict[str, Any]", inner)
            target[path[-1]] = value
        return merged

    def _setting(self, text: str) -> tuple[list[str], Any]:
        name, equals, value = text.partition("=")
        path = name.split(".")
        # The message does not repeat the argument, which may hold a secret.
        if not equals or not all(path):
            raise self._error("takes --set FIELD=VALUE")
        try:
            return path, decode_json(_JSON, value)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return path, value

    def _refuse_secrets(self, path: Sequence[str], value: Any) -> None:
        for name in reversed(path[1:]):
            value = {name: value}
        whole = self._whole
        if whole is not None and is_object(whole.hint):
            secrets = [name for name in (path[0], *_all_names_in(value)) if is_secret(name)]
        elif whole is not None:
            secrets = _secrets_in({path[0]: value}, whole.hint)
        else:
            parameter = self._fields.get(path[0])
            secret = is_secret(path[0]) if parameter is None else parameter.secret
            secrets = [path[0]] if secret else []
            secrets += [] if parameter is None else _secrets_in(value, parameter.hint)
        if secrets:
            raise self._error(f"takes {secrets[0]} in --body only. {_NO_SECRETS}")

    def _decoded(self, value: Any, parameter: Parameter, where: str = "") -> Any:
        """Convert a value to the type of a parameter."""
        self._check(value, parameter.hint, where)
        hint = parameter.hint | None if parameter.nullable else parameter.hint
        try:
            return msgspec.convert(value, hint)
        except msgspec.ValidationError as error:
            problem = str(error)
        quotes = (
            " In --set, quote a string that is valid JSON."
            if problem.startswith("Expected `str`")
            else ""
        )
        raise self._error(f"cannot take {where or 'this body'}: {problem}.{quotes}")

    def _check(self, value: Any, hint: Any, where: str) -> None:
        """Reject unknown and missing fields, at any depth."""
        if isinstance(value, list):
            for index, item in enumerate(cast("Sequence[Any]", value)):
                for arm in filter(is_list, arms_of(hint)):
                    self._check(item, item_of(arm), f"{where}[{index}]")
        elif isinstance(value, dict):
            fields = cast("dict[str, Any]", value)
            struct = _struct_for(fields, hint)
            if struct is None:
                return
            known = _fields_of(struct)
            tag = struct.__struct_config__.tag_field
            self._check_known(where, fields, [*known, *([] if tag is None else [tag])])
            missing = [
                _inside(where, name)
                for name, each in known.items()
                if each.required and name not in fields
            ]
            if missing:
                raise self._error(f"needs {' and '.join(missing)}")
            for name in known.keys() & fields.keys():
                self._check(fields[name], present(known[name].type), _inside(where, name))

    def _check_known(self, where: str, given: Iterable[str], known: Iterable[str]) -> None:
        unknown = [_inside(where, name) for name in given if name not in set(known)]
        if unknown:
            raise self._error(
                f"has no field {' and no '.join(unknown)}: it takes {', '.join(known)}"
            )

    def _error(self, problem: str) -> click.UsageError:
        end = "" if problem.endswith(".") else "."
        return click.UsageError(f"{self.operation.name} {problem}{end}")


def _inside(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _struct_for(value: Mapping[str, Any], hint: Any) -> type[msgspec.Struct] | None:
    """Return the Struct of a JSON object, by its tag if the type has several."""
    found = [struct for arm in arms_of(hint) if (struct := struct_of(arm)) is not None]
    if len(found) == 1:
        return found[0]
    configs = [(struct, struct.__struct_config__) for struct in found]
    return next(
        (each for each, of in configs if of.tag_field and value.get(of.tag_field) == of.tag), None
    )


def _fields_of(struct: type[msgspec.Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    return {each.encode_name: each for each in msgspec.structs.fields(struct)}


def _secrets_in(value: Any, hint: Any) -> list[str]:
    """Return the secret fields of Structs in a value, by their names in JSON or Python.

    Free-form objects such as metadata are left out: their names do not mark secrets.
    """
    if isinstance(value, list):
        items = cast("Sequence[Any]", value)
        lists = [item_of(arm) for arm in arms_of(hint) if is_list(arm)]
        return [name for item in items for inner in lists for name in _secrets_in(item, inner)]
    if not isinstance(value, dict):
        return []
    fields = cast("dict[str, Any]", value)
    structs = [struct for arm in arms_of(hint) if (struct := struct_of(arm)) is not None]
    found = [name for name in fields if structs and is_secret(name)]
    for struct in structs:
        known = _fields_of(struct)
        for name in known.keys() & fields.keys():
            found += [name] if is_secret(known[name].name) else []
            found += _secrets_in(fields[name], present(known[name].type))
    return found


def _all_names_in(value: Any) -> list[str]:
    """Return the names of all fields in a value, at any depth."""
    if isinstance(value, list):
        items = cast("Sequence[Any]", value)
        return [name for item in items for name in _all_names_in(item)]
    if not isinstance(value, dict):
        return []
    fields = cast("dict[str, Any]", value)
    return [*fields, *(name for inner in fields.values() for name in _all_names_in(inner))]


def _read(source: str) -> Any:
    """Read the document of ``--body``."""
    content = sys.stdin.buffer.read() if source == _STDIN else Path(source).read_bytes()
    try:
        return decode_json(_JSON, content)
    except msgspec.DecodeError as error:
        raise click.UsageError(f"--body is not valid JSON: {error}.") from None
