# Read by llama-cpp-python's CMakeLists right after its project(): what nothing here uses is not
# compiled. Without llama.cpp's library for its own programs (arguments, chat templates, HTTP), more
# than half of the build falls away; it is forced on there, and a plain variable wins over that.
set(LLAMA_BUILD_COMMON OFF)
set(LLAVA_BUILD OFF)

# GCC's AMX intrinsics do not tell the compiler what they read: `_tile_loadconfig` of GCC 12.2 names 8
# of the 64 bytes (GCC's PR target/114098), `_tile_loadd` none at all. Stores that come before are
# then dropped or moved behind, and the first tile that is used ends the process.
set(AMX_FENCE ${CMAKE_BINARY_DIR}/amx_fence.h)
file(WRITE ${AMX_FENCE} [=[
#if defined(__AMX_TILE__)
#include <immintrin.h>
#define _tile_loadconfig(config) \
    do { const void * seen = (config); __asm__ volatile("" : "+r"(seen) : : "memory"); \
         _tile_loadconfig(seen); } while (0)
#undef _tile_loadd
#define _tile_loadd(tile, base, stride) \
    do { __asm__ volatile("" : : : "memory"); _tile_loadd_internal(tile, base, stride); } while (0)
#endif
]=])
add_compile_options("$<$<COMPILE_LANG_AND_ID:CXX,GNU>:SHELL:-include ${AMX_FENCE}>")

# The kernels for repacked K-quants hold more values than there are registers, and GCC orders them badly on
# x86, where it schedules only after registers are given: scheduling before, with an eye to pressure,
# makes prompts in Q4_K 1.25 times as fast with AVX-512, 1.46 times with AVX2, to the same bits
# (benchmarks/results/serving.md). Other files gain nothing by it, and Q8_0's lose.
function(schedule_early)
    get_target_property(folder ggml SOURCE_DIR)
    set(kernels ${folder}/ggml-cpu/arch/x86/repack.cpp)
    if(NOT EXISTS ${kernels})
        message(FATAL_ERROR "llama.cpp keeps its kernels elsewhere now; look for what replaces ${kernels}")
    endif()
    set_source_files_properties(${kernels} TARGET_DIRECTORY ggml
        PROPERTIES COMPILE_OPTIONS "-fschedule-insns;-fsched-pressure")
endfunction()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    cmake_language(DEFER CALL schedule_early)
endif()
