#pragma once
// The families of errors a caller can tell apart. Every message is one line that a user can act on: it names the
// option, argument or file (with the line), says what was found and what was expected.

#include <stdexcept>
#include <string>

namespace nbhybrid {

class Error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// A command-line option is unknown, lacks a value or has a bad one.
class OptionError : public Error {
public:
    using Error::Error;
};

// A file that was to be read is missing, malformed or foreign.
class InputFileError : public Error {
public:
    using Error::Error;
    InputFileError(const std::string& path, const std::string& what) : Error(path + ": " + what) {}
    InputFileError(const std::string& path, std::size_t line, const std::string& what)
        : Error(path + ": line " + std::to_string(line) + ": " + what) {}
};

// A file could not be written.
class OutputFileError : public Error {
public:
    using Error::Error;
    OutputFileError(const std::string& path, const std::string& what) : Error(path + ": " + what) {}
};

// The values are well-formed, but no valid crystal, beam, detector or scan can be made of them.
class ModelError : public Error {
public:
    using Error::Error;
};

// The request is valid and larger than a machine (or a configured limit) allows; the message says the size.
class SizeError : public Error {
public:
    using Error::Error;
};

// A table of amplitudes is larger than HklLimits allow.
class TableLimitError : public SizeError {
public:
    using SizeError::SizeError;
};

// A device is missing, or failed.
class DeviceError : public Error {
public:
    using Error::Error;
};

// The run was asked to stop; not a failure of its own.
class Interrupted : public Error {
public:
    Interrupted() : Error("interrupted") {}
};

}  // namespace nbhybrid
