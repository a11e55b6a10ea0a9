# The software bill of materials (CycloneDX) of a wheel: what of others is compiled into it. What pip installs beside it stands in the
# wheel's METADATA.

set(parts_package nbhybrid)
set(parts_refs "\"pybind11\"")
set(parts_components "    {
      \"type\": \"library\", \"bom-ref\": \"pybind11\", \"name\": \"pybind11\", \"version\": \"${pybind11_VERSION}\",
      \"licenses\": [{\"license\": {\"id\": \"BSD-3-Clause\"}}],
      \"purl\": \"pkg:pypi/pybind11@${pybind11_VERSION}\"
    }")
if(NBHYBRID_CUDA)
  string(APPEND parts_refs ", \"cudart\"")
  string(APPEND parts_components ",
    {
      \"type\": \"library\", \"bom-ref\": \"cudart\", \"name\": \"cudart_static\", \"version\": \"${CUDAToolkit_VERSION}\",
      \"supplier\": {\"name\": \"NVIDIA Corporation\"},
      \"licenses\": [{\"license\": {\"name\": \"CUDA Toolkit End User License Agreement\"}}],
      \"externalReferences\": [{\"type\": \"license\", \"url\": \"https://docs.nvidia.com/cuda/eula/index.html\"}]
    }")
endif()
set(parts_component Unspecified)
if(NBHYBRID_CUDA_PLUGIN)
  set(parts_package nbhybrid-cuda)
  set(parts_component plugin)
endif()
# The same for the same build, so that two wheels of it are the same.
set(parts_build "${nbhybrid_version} ${nbhybrid_commit} ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} ${parts_components}")
string(UUID parts_uuid NAMESPACE 6ba7b811-9dad-11d1-80b4-00c04fd430c8 TYPE SHA1 NAME "${parts_package} ${parts_build}")
configure_file(cmake/parts.cdx.json.in ${parts_package}.cdx.json @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${parts_package}.cdx.json DESTINATION ${SKBUILD_METADATA_DIR}/sboms
        COMPONENT ${parts_component})
