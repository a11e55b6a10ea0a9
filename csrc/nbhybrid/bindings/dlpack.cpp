// Memory that another package exports by DLPack: where it is and what lies there. Nobody here looks into it.

#include <pybind11/stl.h>

#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>

#include "nbhybrid/bindings/bindings.hpp"

namespace nbhybrid::bindings {

namespace py = pybind11;

namespace {

// The structures that DLPack's documentation describes, version 1 and what was before.
struct Place {
    std::int32_t type, index;
};
struct ElementType {
    std::uint8_t code, bits;
    std::uint16_t lanes;
};
struct Tensor {
    void* data;
    Place place;
    std::int32_t dimensions;
    ElementType type;
    const std::int64_t* shape;
    const std::int64_t* strides;  // in elements; null if C-contiguous
    std::uint64_t byte_offset;
};
struct Managed {
    Tensor tensor;
    void* context;
    void (*deleter)(Managed*);
};
struct ManagedVersioned {
    struct {
        std::uint32_t major, minor;
    } version;
    void* context;
    void (*deleter)(ManagedVersioned*);
    std::uint64_t flags;
    Tensor tensor;
};

constexpr std::uint64_t read_only_flag = 1, copied_flag = 2;
constexpr const char* managed_name = "dltensor";
constexpr const char* versioned_name = "dltensor_versioned";

// As numpy says it, where it has such a type.
std::string name_of(const ElementType& type) {
    constexpr const char* words[] = {"int", "uint", "float", "handle", "bfloat", "complex", "bool"};
    if (type.code >= std::size(words)) return "type " + std::to_string(type.code) + " of DLPack";
    if (type.code == 6 && type.bits == 8 && type.lanes == 1) return "bool";
    const std::string lanes = type.lanes == 1 ? "" : "x" + std::to_string(type.lanes);
    return words[type.code] + std::to_string(type.bits) + lanes;
}

// Takes over what a capsule holds, and gives it back to its owner in the end.
class DlpackView {
public:
    explicit DlpackView(const py::object& capsule) {
        if (PyCapsule_IsValid(capsule.ptr(), versioned_name) != 0) {
            auto* const held = take<ManagedVersioned>(capsule, versioned_name, "used_dltensor_versioned");
            if (held->version.major != 1)
                throw py::buffer_error("it has version " + std::to_string(held->version.major) + ", expected 1");
            flags_ = held->flags;
            read(held->tensor);
        } else if (PyCapsule_IsValid(capsule.ptr(), managed_name) != 0) {
            read(take<Managed>(capsule, managed_name, "used_dltensor")->tensor);
        } else {
            throw py::buffer_error("it is no capsule of a tensor that nobody has taken yet");
        }
    }

    std::uintptr_t address() const { return address_; }
    std::pair<int, int> place() const { return {place_.type, place_.index}; }
    const std::string& dtype() const { return dtype_; }
    py::tuple shape() const { return py::tuple(py::cast(shape_)); }
    std::optional<py::tuple> strides() const {
        if (!strides_) return std::nullopt;
        return py::tuple(py::cast(*strides_));
    }
    std::optional<bool> is_read_only() const {
        if (!flags_) return std::nullopt;
        return (*flags_ & read_only_flag) != 0;
    }
    bool is_copied() const { return flags_ && (*flags_ & copied_flag) != 0; }

private:
    template <class Held>
    Held* take(const py::object& capsule, const char* name, const char* used_name) {
        auto* const held = static_cast<Held*>(PyCapsule_GetPointer(capsule.ptr(), name));
        if (held == nullptr || PyCapsule_SetName(capsule.ptr(), used_name) != 0) throw py::error_already_set();
        owner_ = {held, [](void* taken) {
                      auto* const its = static_cast<Held*>(taken);
                      if (its->deleter != nullptr) its->deleter(its);
                  }};
        return held;
    }

    void read(const Tensor& tensor) {
        address_ = reinterpret_cast<std::uintptr_t>(tensor.data) + static_cast<std::uintptr_t>(tensor.byte_offset);
        place_ = tensor.place;
        dtype_ = name_of(tensor.type);
        shape_.assign(tensor.shape, tensor.shape + tensor.dimensions);
        if (tensor.strides == nullptr) return;
        const std::int64_t bytes = (tensor.type.bits * tensor.type.lanes + 7) / 8;
        strides_.emplace();
        for (int i = 0; i < tensor.dimensions; ++i) strides_->push_back(tensor.strides[i] * bytes);
    }

    std::unique_ptr<void, std::function<void(void*)>> owner_{nullptr, [](void*) {}};
    std::optional<std::uint64_t> flags_;
    std::uintptr_t address_ = 0;
    Place place_{};
    std::string dtype_;
    std::vector<std::int64_t> shape_;
    std::optional<std::vector<std::int64_t>> strides_;
};

}  // namespace

void bind_dlpack(py::module_& module) {
    py::class_<DlpackView>(module, "DlpackView")
        .def(py::init<const py::object&>(), py::arg("capsule"))
        .def_property_readonly("address", &DlpackView::address)
        .def_property_readonly("place", &DlpackView::place)
        .def_property_readonly("dtype", &DlpackView::dtype)
        .def_property_readonly("shape", &DlpackView::shape)
        .def_property_readonly("strides", &DlpackView::strides)
        .def_property_readonly("is_read_only", &DlpackView::is_read_only)
        .def_property_readonly("is_copied", &DlpackView::is_copied);
}

}  // namespace nbhybrid::bindings
